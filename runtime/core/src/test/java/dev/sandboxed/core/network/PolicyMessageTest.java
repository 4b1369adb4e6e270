package dev.sandboxed.core.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.core.protocol.JsonObject;
import org.junit.jupiter.api.Test;

class PolicyMessageTest {

  @Test
  void nothing_is_an_empty_policy() {
    assertThat(text(NetworkPolicy.none()))
        .isEqualTo("{\"everything\":false,\"allow\":[],\"deny\":[]}");
  }

  @Test
  void every_kind_of_rule_is_written() {
    var policy =
        NetworkPolicy.allow("*.Example.org:443", "203.0.113.0/24", "udp://[2001:db8::1]:123")
            .and(NetworkPolicy.allowPrivate("db.example:5000-5010"))
            .and(NetworkPolicy.deny("*:25"));
    assertThat(text(policy))
        .isEqualTo(
            "{\"everything\":false,\"allow\":["
                + "{\"text\":\"*.Example.org:443\",\"domain\":\"*.example.org\",\"ports\":[[443,443]],\"protocols\":[\"tcp\"]},"
                + "{\"text\":\"203.0.113.0/24\",\"cidr\":\"203.0.113.0/24\",\"protocols\":[\"tcp\"]},"
                + "{\"text\":\"udp://[2001:db8::1]:123\",\"cidr\":\"2001:db8:0:0:0:0:0:1/128\",\"ports\":[[123,123]],\"protocols\":[\"udp\"]},"
                + "{\"text\":\"db.example:5000-5010\",\"domain\":\"db.example\",\"ports\":[[5000,5010]],\"protocols\":[\"tcp\"],\"private\":true}],"
                + "\"deny\":[{\"text\":\"*:25\",\"any\":true,\"ports\":[[25,25]],\"protocols\":[\"tcp\",\"udp\"]}]}");
  }

  @Test
  void everything_is_a_flag() {
    assertThat(text(NetworkPolicy.everything())).startsWith("{\"everything\":true,");
  }

  private static String text(NetworkPolicy policy) {
    return JsonObject.of(PolicyMessage.of(policy)).toString();
  }
}
