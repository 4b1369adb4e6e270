package dev.sandboxed.core.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class ChallengeTest {

  @Test
  void parameters_are_read_quoted_or_not() {
    assertThat(
            Challenge.parse(
                "Bearer realm=\"https://a.example/t?x=1,2\",service=s , Scope=\"a \\\"b\\\"\""))
        .contains(
            new Challenge(
                "bearer",
                Map.of("realm", "https://a.example/t?x=1,2", "service", "s", "scope", "a \"b\"")));
    assertThat(Challenge.parse("BASIC")).contains(new Challenge("basic", Map.of()));
    assertThat(Challenge.parse("")).isEmpty();
    assertThat(Challenge.parse("=\"")).isEmpty();
  }

  @Test
  void a_token_goes_before_a_password_and_what_is_unknown_does_not_count() {
    var headers = List.of("Negotiate", "Basic realm=x", "Bearer realm=y");

    assertThat(Challenge.best(headers).orElseThrow().scheme()).isEqualTo("bearer");
    assertThat(Challenge.best(headers.subList(0, 2)).orElseThrow().scheme()).isEqualTo("basic");
    assertThat(Challenge.best(headers.subList(0, 1))).isEmpty();
  }

  @Property
  void any_header_is_read_or_not_without_failing(@ForAll("headers") String header) {
    var challenge = Challenge.best(List.of(header));

    challenge.ifPresent(c -> assertThat(c.scheme()).isIn("bearer", "basic"));
  }

  @Provide
  Arbitrary<String> headers() {
    return Arbitraries.strings()
        .withChars("a=\"\\, B")
        .ofMaxLength(60)
        .map(rest -> "Bearer " + rest);
  }
}
