package dev.sandboxed.gvisor.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.Connection;
import dev.sandboxed.Connection.Protocol;
import dev.sandboxed.Connection.Verdict;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What programs inside reach of the outside. Every server is the test's own. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class EgressTest {
  private static final String REFUSED = "ECONNREFUSED";
  private static final String NO_NAME = "NO SUCH NAME";

  @Test
  void nothing_is_reachable_without_a_network() {
    try (var sandbox = Sandbox.create()) {
      assertThat(Probe.tcp(sandbox, "203.0.113.7", 443)).isEqualTo("ENETUNREACH");
      assertThat(sandbox.network()).isEqualTo(NetworkPolicy.none());
      assertThat(sandbox.connections()).isEmpty();
    }
  }

  @Test
  void what_no_rule_allows_is_refused_at_once_inside_and_told_outside() {
    try (var sandbox = Sandbox.builder().network(NetworkPolicy.allow("example.com:80")).create()) {
      var began = System.nanoTime();
      assertThat(Probe.tcp(sandbox, "www.example.org", 443)).isEqualTo(NO_NAME);
      assertThat(Probe.tcp(sandbox, "203.0.113.7", 443)).isEqualTo(REFUSED);
      assertThat(Probe.tcp(sandbox, "2001:db8::7", 443)).isEqualTo(REFUSED);
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(30));

      var tried = sandbox.connections();
      assertThat(tried).extracting(Connection::verdict).containsOnly(Verdict.REFUSED);
      assertThat(tried)
          .extracting(Connection::destination)
          .contains("dns://www.example.org", "tcp://203.0.113.7:443", "tcp://[2001:db8::7]:443");
      assertThat(tried)
          .filteredOn(c -> c.protocol() == Protocol.TCP)
          .allSatisfy(c -> assertThat(c.message()).contains("no rule allows"));
    }
  }

  @Test
  void a_server_on_the_hosts_loopback_is_reached_by_its_name_and_port_alone() throws Exception {
    try (var allowed = LoopbackServer.saying("allowed");
        var other = LoopbackServer.saying("other");
        var sandbox =
            Sandbox.builder()
                .network(NetworkPolicy.allow("host.sandbox:" + allowed.port()))
                .create()) {
      assertThat(Probe.tcp(sandbox, "host.sandbox", allowed.port())).isEqualTo("allowed");
      assertThat(Probe.tcp(sandbox, "host.sandbox", other.port())).isEqualTo(REFUSED);
      // Inside, this is the sandbox itself, where nothing listens.
      assertThat(Probe.tcp(sandbox, "127.0.0.1", allowed.port())).isEqualTo(REFUSED);
    }
  }

  @Test
  void names_are_looked_up_outside_and_their_connections_are_accounted_for() throws Exception {
    try (var names = NameServer.start().with("service.example", "127.0.0.1");
        var server = LoopbackServer.echo();
        var sandbox =
            Sandbox.builder()
                .network(
                    NetworkPolicy.allow(
                        "service.example:" + server.port(), "127.0.0.1:" + server.port()))
                .dns(names.address())
                .create()) {
      assertThat(Probe.tcp(sandbox, "service.example", server.port(), "0123456789"))
          .isEqualTo("0123456789");
      assertThat(Probe.tcp(sandbox, "elsewhere.example", server.port())).isEqualTo(NO_NAME);

      assertThat(names.asked()).contains("service.example").doesNotContain("elsewhere.example");
      await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(
              () ->
                  assertThat(sandbox.connections())
                      .filteredOn(c -> c.protocol() == Protocol.TCP)
                      .singleElement()
                      .satisfies(
                          c -> {
                            assertThat(c.verdict()).isEqualTo(Verdict.CLOSED);
                            assertThat(c.host()).contains("service.example");
                            assertThat(c.address()).contains("127.0.0.1");
                            assertThat(c.port()).isEqualTo(server.port());
                            assertThat(c.bytesOut()).isEqualTo(10);
                            assertThat(c.bytesIn()).isEqualTo(10);
                            assertThat(c.rule()).isPresent();
                          }));
    }
  }

  @Test
  void wildcards_are_about_names_below_and_denials_win() throws Exception {
    try (var names =
            NameServer.start()
                .with("example.org", "127.0.0.1")
                .with("a.b.example.org", "127.0.0.1")
                .with("admin.example.org", "127.0.0.1");
        var server = LoopbackServer.saying("reached");
        var sandbox =
            Sandbox.builder()
                .network(
                    NetworkPolicy.allow("*.example.org", "127.0.0.1:" + server.port())
                        .and(NetworkPolicy.deny("admin.example.org")))
                .dns(names.address())
                .create()) {
      assertThat(Probe.tcp(sandbox, "a.b.example.org", server.port())).isEqualTo("reached");
      assertThat(Probe.tcp(sandbox, "example.org", server.port())).isEqualTo(NO_NAME);
      assertThat(Probe.tcp(sandbox, "admin.example.org", server.port())).isEqualTo(NO_NAME);
    }
  }

  @Test
  void an_allowed_name_opens_no_address_that_is_special() throws Exception {
    try (var names =
            NameServer.start()
                .with("loopback.example", "127.0.0.1")
                .with("metadata.example", "169.254.169.254")
                .with("private.example", "10.1.2.3")
                .with("rebinds.example", "203.0.113.7", "127.0.0.1");
        var server = LoopbackServer.saying("reached");
        var sandbox =
            Sandbox.builder()
                .network(NetworkPolicy.allow("*.example").and(NetworkPolicy.everything()))
                .dns(names.address())
                .create()) {
      for (var name : List.of("loopback", "metadata", "private")) {
        assertThat(Probe.tcp(sandbox, name + ".example", server.port()))
            .as(name)
            .isEqualTo(REFUSED);
      }
      assertThat(Probe.tcp(sandbox, "rebinds.example", server.port())).isNotEqualTo("reached");
      assertThat(Probe.tcp(sandbox, "rebinds.example", server.port())).isEqualTo(REFUSED);
      for (var address : List.of("169.254.169.254", "10.1.2.3", "::ffff:169.254.169.254")) {
        assertThat(Probe.tcp(sandbox, address, 80)).as(address).isEqualTo(REFUSED);
      }
      assertThat(Probe.tcp(sandbox, "host.sandbox", server.port())).isEqualTo(NO_NAME);

      assertThat(sandbox.connections())
          .filteredOn(c -> c.host().equals(Optional.of("metadata.example")))
          .filteredOn(c -> c.protocol() == Protocol.TCP)
          .singleElement()
          .satisfies(c -> assertThat(c.message()).contains("169.254.169.254", "metadata"));
    }
  }

  @Test
  void everything_is_warned_of_once() {
    var logger = Logger.getLogger("dev.sandboxed");
    var messages = new ArrayList<String>();
    var handler =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            messages.add(entry.getMessage());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    logger.addHandler(handler);
    try (var sandbox = Sandbox.builder().network(NetworkPolicy.everything()).create()) {
      sandbox.changeNetwork(NetworkPolicy.none());
      sandbox.changeNetwork(NetworkPolicy.everything());
      assertThat(messages)
          .filteredOn(m -> m.contains(sandbox.id()))
          .containsExactly(
              "The sandbox "
                  + sandbox.id()
                  + " may reach every public destination: code inside can send out whatever it"
                  + " finds there. Allow what it needs by name instead of"
                  + " NetworkPolicy.everything()");
    } finally {
      logger.removeHandler(handler);
    }
  }

  @Test
  void a_changed_policy_cuts_what_it_does_not_allow_and_opens_what_it_does() throws Exception {
    try (var kept = LoopbackServer.echo();
        var cut = LoopbackServer.echo();
        var sandbox = Sandbox.builder().network(NetworkPolicy.none()).create()) {
      assertThat(Probe.tcp(sandbox, "host.sandbox", kept.port())).isEqualTo(NO_NAME);
      var first = NetworkPolicy.allow("host.sandbox:" + kept.port());
      assertThat(
              sandbox.changeNetwork(first.and(NetworkPolicy.allow("host.sandbox:" + cut.port()))))
          .isZero();
      var stays = Probe.hold(sandbox, "host.sandbox", kept.port());
      var goes = Probe.hold(sandbox, "host.sandbox", cut.port());

      assertThat(sandbox.changeNetwork(first)).isEqualTo(1);
      assertThat(sandbox.network()).isEqualTo(first);
      assertThat(goes.waitFor().isSuccess()).isTrue();
      assertThat(goes.stdout().text()).contains("ECONNRESET");
      assertThat(Probe.tcp(sandbox, "host.sandbox", cut.port())).isEqualTo(REFUSED);
      assertThat(Probe.tcp(sandbox, "host.sandbox", kept.port())).isEqualTo("hello");
      assertThat(stays.poll()).isEmpty();
      await().atMost(Duration.ofSeconds(20)).until(() -> cut.connections() == 0);
    }
  }

  @Test
  void a_sandbox_without_a_network_cannot_be_opened_later() {
    try (var sandbox = Sandbox.create()) {
      assertThatExceptionOfType(SandboxException.class)
          .isThrownBy(() -> sandbox.changeNetwork(NetworkPolicy.everything()))
          .withMessageContaining("network(NetworkPolicy.none())");
    }
  }

  @Test
  void megabytes_go_out_and_come_back_and_each_side_ends_by_itself() throws Exception {
    try (var server = LoopbackServer.echo();
        var sandbox =
            Sandbox.builder()
                .network(NetworkPolicy.allow("host.sandbox:" + server.port()))
                .create()) {
      var result =
          sandbox
              .exec("python3", "-c", EXCHANGE, Integer.toString(server.port()))
              .timeout(Duration.ofMinutes(2))
              .await();
      assertThat(result.stdout()).as(result.stderr()).isEqualTo("same\n");
    }
  }

  @Test
  void two_hundred_connections_are_open_at_once() throws Exception {
    try (var server = LoopbackServer.echo();
        var sandbox =
            Sandbox.builder()
                .network(NetworkPolicy.allow("host.sandbox:" + server.port()))
                .create()) {
      var result =
          sandbox
              .exec("python3", "-c", MANY, Integer.toString(server.port()))
              .timeout(Duration.ofMinutes(2))
              .await();
      assertThat(result.stdout()).as(result.stderr()).isEqualTo("200\n");
    }
  }

  @Test
  void datagrams_need_a_rule_of_their_own() throws Exception {
    try (var names = NameServer.start().with("service.example", "127.0.0.1");
        var server = UdpEcho.start();
        var sandbox =
            Sandbox.builder()
                .network(policy("udp://", server.port()))
                .dns(names.address())
                .create()) {
      assertThat(Probe.udp(sandbox, "service.example", server.port(), "hello")).isEqualTo("hello");
      assertThat(Probe.tcp(sandbox, "service.example", server.port())).isEqualTo(REFUSED);
      sandbox.changeNetwork(policy("tcp://", server.port()));
      assertThat(Probe.udp(sandbox, "service.example", server.port(), "hello")).isEqualTo(REFUSED);
    }
  }

  private static NetworkPolicy policy(String scheme, int port) {
    return NetworkPolicy.allow(scheme + "service.example:" + port, scheme + "127.0.0.1:" + port);
  }

  @Test
  void what_was_tried_is_known_after_a_timeout() {
    try (var sandbox =
        Sandbox.builder().network(NetworkPolicy.none()).timeout(Duration.ofSeconds(15)).create()) {
      Probe.tcp(sandbox, "example.org", 443);
      sandbox.onExit().join();
      assertThat(sandbox.connections())
          .extracting(Connection::destination)
          .contains("dns://example.org");
    }
  }

  @Test
  void users_inside_reach_what_root_reaches() throws Exception {
    try (var server = LoopbackServer.saying("reached");
        var sandbox =
            Sandbox.builder()
                .network(NetworkPolicy.allow("host.sandbox:" + server.port()))
                .create()) {
      var result =
          sandbox
              .exec(
                  "bash",
                  "-c",
                  "exec 3<>/dev/tcp/host.sandbox/%d; cat <&3".formatted(server.port()))
              .user("nobody")
              .await();
      assertThat(result.stdout()).as(result.stderr()).isEqualTo("reached\n");
    }
  }

  private static final String EXCHANGE =
      """
      import hashlib, os, socket, sys, threading
      data = os.urandom(1 << 20) * 20
      with socket.create_connection(('host.sandbox', int(sys.argv[1]))) as s:
          def send():
              s.sendall(data)
              s.shutdown(socket.SHUT_WR)
          threading.Thread(target=send).start()
          got = hashlib.sha256()
          while part := s.recv(1 << 20):
              got.update(part)
      print('same' if got.digest() == hashlib.sha256(data).digest() else 'different')
      """;

  private static final String MANY =
      """
      import socket, sys
      open_ = [socket.create_connection(('host.sandbox', int(sys.argv[1]))) for _ in range(200)]
      for i, s in enumerate(open_):
          s.sendall(b'%05d' % i)
      right = 0
      for i, s in reversed(list(enumerate(open_))):
          right += s.recv(5, socket.MSG_WAITALL) == b'%05d' % i
      print(right)
      """;

  /** Sends datagrams back to where they came from. */
  private static final class UdpEcho implements AutoCloseable {
    private final DatagramSocket socket;

    private UdpEcho(DatagramSocket socket) {
      this.socket = socket;
      var thread = new Thread(this::serve, "udp-echo");
      thread.setDaemon(true);
      thread.start();
    }

    static UdpEcho start() throws IOException {
      return new UdpEcho(
          new DatagramSocket(0, InetAddress.getByAddress(new byte[] {127, 0, 0, 1})));
    }

    int port() {
      return socket.getLocalPort();
    }

    @Override
    public void close() {
      socket.close();
    }

    private void serve() {
      while (!socket.isClosed()) {
        try {
          var packet = new DatagramPacket(new byte[65_536], 65_536);
          socket.receive(packet);
          socket.send(packet);
        } catch (IOException e) {
          // Closed, which ends the loop.
        }
      }
    }
  }
}
