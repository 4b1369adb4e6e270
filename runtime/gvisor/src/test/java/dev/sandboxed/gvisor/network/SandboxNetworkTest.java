package dev.sandboxed.gvisor.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxNetwork;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sandboxes that reach each other on purpose. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class SandboxNetworkTest {

  @Test
  void members_find_each_other_by_name_and_reach_declared_ports_only() {
    try (var network = SandboxNetwork.create();
        var db = Sandbox.builder().join(network, "db").port(7000).create();
        var app = Sandbox.builder().join(network, "app").create();
        var stranger = Sandbox.builder().network(NetworkPolicy.none()).create()) {
      Servers.reverser(db, "127.0.0.1", 7000);
      Servers.reverser(db, "127.0.0.1", 7001);

      assertThat(Probe.tcp(app, "db", 7000, "abc")).isEqualTo("cba");
      assertThat(Probe.tcp(app, "db.sandbox", 7000, "abc")).isEqualTo("cba");
      assertThat(Probe.tcp(app, "db", 7001, "abc")).isEqualTo("ECONNREFUSED");
      // It opens nothing outside, and nothing to others.
      assertThat(Probe.tcp(app, "203.0.113.7", 443, "abc")).isEqualTo("ECONNREFUSED");
      assertThat(Probe.tcp(stranger, "db", 7000, "abc")).isEqualTo("NO SUCH NAME");
      assertThat(Probe.tcp(stranger, "db.sandbox", 7000, "abc")).isEqualTo("NO SUCH NAME");
    }
  }

  @Test
  void a_member_that_ended_is_gone_and_its_name_is_free() {
    try (var network = SandboxNetwork.create();
        var app = Sandbox.builder().join(network, "app").create()) {
      try (var db = Sandbox.builder().join(network, "db").port(7000).create()) {
        assertThat(Probe.tcp(app, "db", 7000, "abc")).isEqualTo("ECONNREFUSED");
        Servers.reverser(db, "127.0.0.1", 7000);
        assertThat(Probe.tcp(app, "db", 7000, "abc")).isEqualTo("cba");
      }
      assertThat(Probe.tcp(app, "db", 7000, "abc")).isIn("NO SUCH NAME", "ECONNREFUSED");
      try (var db = Sandbox.builder().join(network, "db").port(7000).create()) {
        Servers.reverser(db, "127.0.0.1", 7000);
        assertThat(Probe.tcp(app, "db", 7000, "xyz")).isEqualTo("zyx");
      }
    }
  }

  @Test
  void a_name_that_is_taken_is_an_error_that_says_so() {
    try (var network = SandboxNetwork.create();
        var db = Sandbox.builder().join(network, "db").create()) {
      assertThat(db.poll()).isEmpty();
      assertThatExceptionOfType(SandboxException.class)
          .isThrownBy(() -> Sandbox.builder().join(network, "db").create())
          .withMessageContaining("\"db\"")
          .withMessageContaining("another");
    }
  }

  @Test
  void a_closed_network_takes_no_members() {
    var network = SandboxNetwork.create();
    network.close();
    assertThatExceptionOfType(SandboxException.class)
        .isThrownBy(() -> Sandbox.builder().join(network, "db").create())
        .withMessageContaining("is closed");
  }
}
