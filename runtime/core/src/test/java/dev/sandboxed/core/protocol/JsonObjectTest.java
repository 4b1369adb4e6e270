package dev.sandboxed.core.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JsonObjectTest {

  @Test
  void returns_members_of_the_type_asked_for_only() throws ProtocolException {
    var object =
        parse(
            "{\"s\":\"x\",\"n\":7,\"d\":1.5,\"t\":true,\"o\":{\"k\":1},\"a\":[1,\"b\"],\"z\":null}");

    assertThat(object.string("s")).contains("x");
    assertThat(object.string("n")).isEmpty();
    assertThat(object.number("n")).hasValue(7);
    assertThat(object.number("d")).isEmpty();
    assertThat(object.number("s")).isEmpty();
    assertThat(object.flag("t")).isTrue();
    assertThat(object.flag("n")).isFalse();
    assertThat(object.object("o").orElseThrow().number("k")).hasValue(1);
    assertThat(object.object("a")).isEmpty();
    assertThat(object.array("a").orElseThrow()).hasSize(2);
    assertThat(object.has("z")).isFalse();
  }

  @Test
  void takes_a_number_that_fits_no_long_for_none() throws ProtocolException {
    assertThat(parse("{\"n\":123456789012345678901234567890}").number("n")).isEmpty();
  }

  @Test
  void keeps_the_last_of_two_members_of_one_name() throws ProtocolException {
    assertThat(parse("{\"a\":1,\"a\":2}").number("a")).hasValue(2);
  }

  @Test
  void writes_what_it_was_made_of_without_nulls() {
    var members = new HashMap<String, @Nullable Object>();
    members.put("gone", null);
    members.put("list", List.of(1, true, Map.of("x", "ä\n\"")));

    assertThat(JsonObject.of(members)).hasToString("{\"list\":[1,true,{\"x\":\"ä\\n\\\"\"}]}");
  }

  @Test
  void refuses_a_member_that_json_has_no_form_for() {
    var object = JsonObject.of(Map.of("a", new Object()));

    assertThatExceptionOfType(IllegalArgumentException.class).isThrownBy(object::toBytes);
  }

  private static JsonObject parse(String text) throws ProtocolException {
    return JsonObject.parse(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }
}
