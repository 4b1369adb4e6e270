package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.NetworkPolicy;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class NetworkParametersTest {

  @Test
  void nothing_set_is_no_network() {
    assertThat(new NetworkParameters(null, null).policy()).isEmpty();
    assertThat(new NetworkParameters(List.of(), List.of()).policy()).isEmpty();
  }

  @Test
  void patterns_and_words_are_read_without_the_blanks_beside_them() {
    assertThat(
            new NetworkParameters(
                    List.of("build-tools", " *.example.org "), List.of("admin.example.org"))
                .policy())
        .contains(
            NetworkPolicy.buildTools()
                .and(NetworkPolicy.allow("*.example.org"))
                .and(NetworkPolicy.deny("admin.example.org")));
    assertThat(new NetworkParameters(List.of("none"), null).policy())
        .contains(NetworkPolicy.none());
  }

  @Test
  void what_is_wrong_is_told_with_the_parameter() {
    assertThatThrownBy(() -> new NetworkParameters(List.of("http://example.org"), null).policy())
        .isInstanceOf(InvalidSpecException.class)
        .hasMessage(
            "sandbox.network: \"http://example.org\" is not a network pattern: \"http\" is not tcp"
                + " or udp; write only the host and perhaps a port, such as example.org:443");
    assertThatThrownBy(() -> new NetworkParameters(List.of("example.org"), List.of("*")).policy())
        .hasMessageStartingWith("sandbox.network.deny: \"*\" is not a network pattern");
    assertThatThrownBy(() -> new NetworkParameters(Arrays.asList("a", null), null).policy())
        .hasMessageStartingWith("sandbox.network: \"\" is not a network pattern: it is empty");
    assertThatThrownBy(() -> new NetworkParameters(null, List.of("example.org")).policy())
        .hasMessage(
            "sandbox.network.deny is set without sandbox.network, and nothing is reachable then;"
                + " set sandbox.network, or leave both out");
  }
}
