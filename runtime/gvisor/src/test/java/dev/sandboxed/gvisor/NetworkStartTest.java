package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.NetworkSpec;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.buildtools.BuildTools;
import dev.sandboxed.core.buildtools.HostEnvironment;
import dev.sandboxed.core.protocol.JsonObject;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What keepers are told of networks at the start. */
class NetworkStartTest {
  private final NetworkStart ofHostWithProxy =
      new NetworkStart(
          Settings.of(
              Map.of(),
              Map.of("https_proxy", "http://me:s3cret@proxy.example:3128", "no_proxy", "a,b")),
          tools(Map.of()));

  @Test
  void a_closed_sandbox_has_nothing() {
    assertThat(ofHostWithProxy.of(NetworkSpec.closed())).isEmpty();
  }

  @Test
  void declared_ports_need_neither_a_policy_nor_a_proxy() {
    var message = message(Sandbox.builder().port(8080).port(9090));
    assertThat(message.has("policy")).isFalse();
    assertThat(message.has("proxy")).isFalse();
    assertThat(message.array("ports")).isEqualTo(Optional.of(List.of(8080, 9090)));
  }

  @Test
  void the_policy_goes_with_the_hosts_proxy() {
    var message = message(Sandbox.builder().network(NetworkPolicy.allow("example.org")));
    assertThat(message.toString())
        .contains("\"policy\":{\"everything\":false,\"allow\":[{\"text\":\"example.org\"")
        .contains("\"url\":\"http://me:s3cret@proxy.example:3128\",\"noProxy\":[\"a\",\"b\"]");
  }

  @Test
  void build_tools_name_servers_and_perhaps_a_proxy(@TempDir Path bin) throws Exception {
    // A tool of the test's own, in place of the machine's.
    var npm =
        Files.writeString(
            bin.resolve("npm"),
            """
            #!/bin/sh
            echo '; "user" config from /home/me/.npmrc'
            echo 'registry = "https://npm.example:8443/"'
            echo 'https-proxy = "http://proxy.corp.example:3128/"'
            echo 'noproxy = [".corp.example"]'
            """);
    Files.setPosixFilePermissions(npm, PosixFilePermissions.fromString("rwx------"));
    var start =
        new NetworkStart(Settings.of(Map.of(), Map.of()), tools(Map.of("PATH", bin.toString())));
    var builder =
        Sandbox.builder().network(NetworkPolicy.buildTools().and(NetworkPolicy.deny("*:25")));

    var message = start.of(builder.build().network()).orElseThrow();

    assertThat(message.toString())
        .contains(
            "{\"text\":\"npm.example:8443\",\"domain\":\"npm.example\",\"ports\":[[8443,8443]]")
        .contains("\"private\":true")
        .contains("\"deny\":[{\"text\":\"*:25\"")
        .contains("\"url\":\"http://proxy.corp.example:3128\",\"noProxy\":[\"*.corp.example\"]");
    assertThat(start.toolsInside(builder.build().network()))
        .hasValueSatisfying(
            inside ->
                assertThat(inside.files())
                    .containsEntry("/etc/sandboxed/npmrc", "registry=https://npm.example:8443/\n"));
    assertThat(start.toolsInside(Sandbox.builder().network(NetworkPolicy.none()).build().network()))
        .isEmpty();
  }

  @Test
  void own_name_servers_go_without_the_hosts_proxy() throws Exception {
    var message =
        message(
            Sandbox.builder()
                .network(NetworkPolicy.allow("example.org"))
                .dns(
                    new InetSocketAddress(
                        InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 5353),
                    new InetSocketAddress(InetAddress.getByAddress(new byte[16]), 53)));
    assertThat(message.array("dns"))
        .isEqualTo(Optional.of(List.of("127.0.0.1:5353", "[0:0:0:0:0:0:0:0]:53")));
    assertThat(message.has("proxy")).isFalse();
  }

  private JsonObject message(SandboxBuilder builder) {
    return ofHostWithProxy.of(builder.build().network()).orElseThrow();
  }

  private static BuildTools tools(Map<String, String> variables) {
    return new BuildTools(
        new HostEnvironment(variables, Path.of("/nonexistent"), Optional.empty()),
        command -> new Thread(command).start());
  }
}
