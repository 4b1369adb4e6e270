package dev.sandboxed.core.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.Connection;
import dev.sandboxed.Connection.Protocol;
import dev.sandboxed.Connection.Verdict;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFailedException;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.core.network.PolicyMessage;
import dev.sandboxed.core.protocol.Frame;
import dev.sandboxed.core.protocol.FrameType;
import dev.sandboxed.core.protocol.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the client asks a keeper about networks, and what it makes of the answers. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class RemoteNetworkTest {
  private final ExecutorService executor = Executors.newCachedThreadPool();
  private FakeKeeper keeper;

  @BeforeEach
  void open() throws IOException {
    keeper = FakeKeeper.open();
  }

  @AfterEach
  void close() throws IOException {
    keeper.close();
    executor.shutdownNow();
  }

  @Test
  void a_tunnel_is_opened_once() throws IOException {
    var sandbox = start(Sandbox.builder());
    var tunnel = later(() -> sandbox.tunnel(8080));
    var request = keeper.hear(FrameType.OPEN);
    assertThat(request.json().string("op")).contains("tunnel");
    assertThat(request.json().number("port")).hasValue(8080);
    ok(request.stream(), Map.of("host", "127.0.0.1", "port", 43121));

    assertThat(tunnel.join()).hasToString("port 8080 at 127.0.0.1:43121");
    assertThat(tunnel.join().uri()).hasToString("http://127.0.0.1:43121");
    assertThat(tunnel.join().uri("postgresql")).hasToString("postgresql://127.0.0.1:43121");
    assertThat(sandbox.tunnel(8080)).isSameAs(tunnel.join());
  }

  @Test
  void a_declared_port_has_its_tunnel_already() throws IOException {
    var sandbox = start(Sandbox.builder().port(80).port(90), Map.of("80", 40080, "90", 40090));
    assertThat(sandbox.tunnel(90).address().getPort()).isEqualTo(40090);
    assertThat(sandbox.tunnel(80).address().getPort()).isEqualTo(40080);
  }

  @Test
  void a_sandbox_whose_declared_port_has_no_tunnel_does_not_start() throws IOException {
    assertThatThrownBy(() -> start(Sandbox.builder().port(80), Map.of("81", 40080)))
        .isInstanceOf(SandboxFailedException.class)
        .hasMessageContaining("no tunnel to the declared port 80");
  }

  @Test
  void a_tunnel_elsewhere_than_on_the_loopback_is_refused() throws IOException {
    var sandbox = start(Sandbox.builder());
    var tunnel = later(() -> sandbox.tunnel(8080));
    ok(keeper.hear(FrameType.OPEN).stream(), Map.of("host", "203.0.113.7", "port", 43121));

    assertThat(tunnel)
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableThat()
        .havingCause()
        .withMessageContaining("a tunnel that is not on the loopback");
  }

  @Test
  void ports_that_are_none_are_told_before_anything_is_asked() throws IOException {
    var sandbox = start(Sandbox.builder());
    assertThatThrownBy(() -> sandbox.tunnel(0))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessage("There is no port 0; ports are numbers from 1 to 65535");
    assertThatThrownBy(() -> sandbox.tunnel(65_536)).isInstanceOf(InvalidSpecException.class);
  }

  @Test
  void too_many_tunnels_are_told() throws IOException {
    var sandbox = start(Sandbox.builder());
    var tunnel = later(() -> sandbox.tunnel(8080));
    error(keeper.hear(FrameType.OPEN).stream(), "TOO_MANY", "64 tunnels");

    assertThat(tunnel)
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableThat()
        .havingCause()
        .isInstanceOf(SandboxException.class)
        .withMessage(
            "Port 8080 of the sandbox sb-fake gets no tunnel: it has 64 already, or too many calls"
                + " are open (64 tunnels); use fewer ports");
  }

  @Test
  void the_policy_is_replaced() throws IOException {
    var sandbox = start(Sandbox.builder().network(NetworkPolicy.none()));
    keeper.hear(FrameType.OPEN);
    assertThat(told(sandbox, Map.of())).isEqualTo(NetworkPolicy.none());
    var policy = NetworkPolicy.allow("example.org");
    var change = later(() -> sandbox.changeNetwork(policy));
    var request = keeper.hear(FrameType.OPEN);
    assertThat(request.json().string("op")).contains("policy");
    assertThat(request.json().object("policy").orElseThrow())
        .hasToString(JsonObject.of(PolicyMessage.of(policy)).toString());
    ok(request.stream(), Map.of("cut", 3));

    assertThat(change.join()).isEqualTo(3);
    var description = request.json().object("description").orElseThrow();
    assertThat(told(sandbox, Map.of("description", description))).isEqualTo(policy);
  }

  @Test
  void a_policy_that_is_refused_does_not_count() throws IOException {
    var sandbox = start(Sandbox.builder().network(NetworkPolicy.none()));
    keeper.hear(FrameType.OPEN);
    var change = later(() -> sandbox.changeNetwork(NetworkPolicy.everything()));
    error(keeper.hear(FrameType.OPEN).stream(), "INVALID", "no such thing");

    assertThat(change)
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableThat()
        .havingCause()
        .withMessage(
            "The network policy of the sandbox sb-fake was not changed: no such thing (INVALID)");
    assertThat(told(sandbox, Map.of())).isEqualTo(NetworkPolicy.none());
  }

  /** Asks for the policy, which the keeper answers so. */
  private NetworkPolicy told(Sandbox sandbox, Map<String, Object> answer) throws IOException {
    var policy = later(sandbox::network);
    var request = keeper.hear(FrameType.OPEN);
    assertThat(request.json().string("op")).contains("description");
    ok(request.stream(), answer);
    return policy.join();
  }

  @Test
  void a_sandbox_without_a_network_is_given_none_later() throws IOException {
    var sandbox = start(Sandbox.builder().port(80), Map.of("80", 40080));
    assertThat(sandbox.network()).isEqualTo(NetworkPolicy.none());
    assertThat(sandbox.connections()).isEmpty();
    assertThatThrownBy(() -> sandbox.changeNetwork(NetworkPolicy.everything()))
        .isInstanceOf(SandboxException.class)
        .hasMessage(
            "The network policy of the sandbox sb-fake cannot be changed: it was created without a"
                + " network. Create it with network(NetworkPolicy.none()) to open it later");
  }

  @Test
  void what_was_tried_is_listed_up_to_now() throws IOException {
    var sandbox = start(Sandbox.builder().network(NetworkPolicy.allow("example.org")));
    assertThat(keeper.hear(FrameType.OPEN).json().flag("follow")).isTrue();
    var tried = later(sandbox::connections);
    var request = keeper.hear(FrameType.OPEN);
    assertThat(request.json().string("op")).contains("connections");
    assertThat(request.json().flag("follow")).isFalse();
    events(
        request.stream(),
        "{\"kind\":\"dropped\",\"count\":5}",
        "{\"kind\":\"opened\",\"id\":1,\"atMillis\":1000,\"protocol\":\"tcp\",\"host\":\"example.org\",\"address\":\"203.0.113.7\",\"port\":443,\"rule\":\"example.org\"}",
        "{\"kind\":\"refused\",\"id\":2,\"atMillis\":2000,\"protocol\":\"dns\",\"host\":\"example.com\",\"port\":0,\"message\":\"no"
            + " rule allows example.com\",\"count\":7}",
        "{\"kind\":\"closed\",\"id\":1,\"atMillis\":3000,\"protocol\":\"tcp\",\"host\":\"example.org\",\"address\":\"203.0.113.7\",\"port\":443,\"rule\":\"example.org\",\"bytesOut\":10,\"bytesIn\":2000}");
    ok(request.stream(), Map.of());

    assertThat(tried.join())
        .containsExactly(
            new Connection(
                Instant.ofEpochSecond(1),
                Protocol.TCP,
                Optional.of("example.org"),
                Optional.of("203.0.113.7"),
                443,
                Verdict.CLOSED,
                Optional.of("example.org"),
                "",
                10,
                2000,
                1),
            new Connection(
                Instant.ofEpochSecond(2),
                Protocol.DNS,
                Optional.of("example.com"),
                Optional.empty(),
                0,
                Verdict.REFUSED,
                Optional.empty(),
                "no rule allows example.com",
                0,
                0,
                7));
    assertThat(tried.join())
        .extracting(Connection::toString)
        .containsExactly(
            "tcp://example.org:443 (203.0.113.7): closed, by the rule example.org, 10 bytes out,"
                + " 2,000 in",
            "dns://example.com: refused 7 times: no rule allows example.com");
  }

  @Test
  void what_was_tried_is_known_after_the_end() throws IOException {
    var sandbox = start(Sandbox.builder().network(NetworkPolicy.none()));
    var follow = keeper.hear(FrameType.OPEN);
    events(
        follow.stream(),
        "{\"kind\":\"refused\",\"id\":2,\"atMillis\":2000,\"protocol\":\"tcp\",\"address\":\"2001:db8::1\",\"port\":25,\"message\":\"no\"}");
    keeper.say(0, FrameType.EVENT, Map.of("exited", Map.of("code", 124, "reason", "TIMEOUT")));
    keeper.hangUp();
    sandbox.onExit().join();

    assertThat(sandbox.connections())
        .extracting(Connection::destination)
        .containsExactly("tcp://[2001:db8::1]:25");
    assertThatThrownBy(() -> sandbox.tunnel(80)).isInstanceOf(SandboxNotRunningException.class);
    assertThatThrownBy(() -> sandbox.changeNetwork(NetworkPolicy.none()))
        .isInstanceOf(SandboxNotRunningException.class);
  }

  @Test
  void a_declared_port_is_not_told_after_the_end() throws IOException {
    var sandbox = start(Sandbox.builder().port(80), Map.of("80", 40080));
    keeper.say(0, FrameType.EVENT, Map.of("exited", Map.of("code", 0, "reason", "EXITED")));
    keeper.hangUp();
    sandbox.onExit().join();

    assertThatThrownBy(() -> sandbox.tunnel(80)).isInstanceOf(SandboxNotRunningException.class);
  }

  @Test
  void hostile_names_are_cut_and_printable() {
    var events = new ConnectionEvents(refused -> {});
    data(
        events,
        "{\"kind\":\"refused\",\"id\":-1,\"atMillis\":-5,\"protocol\":\"tcp\",\"host\":\"\\u001b[31mEVIL\\n"
            + "x".repeat(1000)
            + "\",\"port\":99999999,\"message\":\"\\u202e"
            + "y".repeat(1000)
            + "\",\"bytesIn\":-1}\n");
    var connection = events.list().get(0);
    assertThat(connection.host().orElseThrow())
        .startsWith("\\u001b[31mevil x")
        .hasSizeLessThan(300)
        .doesNotContain("\n", "\u001b");
    assertThat(connection.message()).startsWith("\\u202ey").hasSizeLessThan(600);
    assertThat(connection.port()).isEqualTo(65_535);
    assertThat(connection.bytesIn()).isZero();
    assertThat(connection.at()).isEqualTo(Instant.EPOCH);
  }

  @Test
  void broken_events_hide_no_others() {
    var events = new ConnectionEvents(refused -> {});
    var good = "{\"kind\":\"failed\",\"id\":1,\"protocol\":\"udp\",\"host\":\"a\",\"port\":1}";
    data(events, "garbage\n{}\n{\"kind\":\"opened\",\"protocol\":\"sctp\"}\n\n");
    data(events, "z".repeat(200_000) + "\n" + good.substring(0, 20));
    data(events, good.substring(20) + "\n{\"kind\":");
    assertThat(events.list()).extracting(Connection::destination).containsExactly("udp://a:1");
  }

  @Test
  void a_flood_pushes_the_oldest_out() {
    var events = new ConnectionEvents(refused -> {});
    for (var id = 0; id < 10_001; id++) {
      data(
          events,
          "{\"kind\":\"refused\",\"id\":%d,\"protocol\":\"tcp\",\"host\":\"a\",\"port\":%d}\n"
              .formatted(id, 1 + id));
    }
    assertThat(events.list()).hasSize(10_000);
    assertThat(events.list().get(0).port()).isEqualTo(2);
  }

  private static void data(ConnectionEvents events, String text) {
    events.data(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  private void events(int stream, String... lines) throws IOException {
    for (var line : lines) {
      keeper.say(
          stream, FrameType.DATA, Frame.OUTPUT, (line + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  private void ok(int stream, Map<String, ?> answer) throws IOException {
    keeper.say(stream, FrameType.RESULT, Map.of("ok", answer));
  }

  private void error(int stream, String kind, String message) throws IOException {
    keeper.say(stream, FrameType.RESULT, Map.of("error", Map.of("kind", kind, "message", message)));
  }

  private <T> CompletableFuture<T> later(Supplier<T> call) {
    return CompletableFuture.supplyAsync(call, executor);
  }

  private Sandbox start(SandboxBuilder builder) throws IOException {
    return start(builder, Map.of());
  }

  private Sandbox start(SandboxBuilder builder, Map<String, Integer> tunnels) throws IOException {
    keeper.say(0, FrameType.HELLO, Map.of("protocol", 1, "role", "keeper", "id", "sb-fake"));
    keeper.say(
        0,
        FrameType.EVENT,
        Map.of("running", Map.of("startupMicros", Map.of("agent", 1), "tunnels", tunnels)));
    var origin =
        new AgentSandbox.Origin(
            "sb-fake",
            builder.build(),
            Map.of("PATH", "/bin"),
            Map.of(),
            "/",
            Optional.empty(),
            List.of(),
            false,
            JsonObject.of(Map.of()),
            new LogFiles(Path.of("/nonexistent"), "sb-fake"),
            policy -> JsonObject.of(PolicyMessage.of(policy)),
            new NoSnapshots(),
            executor,
            Duration.ZERO,
            System.nanoTime());
    return AgentSandbox.start(origin, keeper);
  }
}
