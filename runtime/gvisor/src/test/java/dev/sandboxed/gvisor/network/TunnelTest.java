package dev.sandboxed.gvisor.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.ExitReason;
import dev.sandboxed.PortTunnel;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.SandboxTimeoutException;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ports inside on the host's loopback, with no network at all. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TunnelTest {

  @Test
  void a_web_server_inside_is_reached_by_its_uri() throws Exception {
    try (var sandbox = Sandbox.create()) {
      sandbox.files().makeDirectories("/srv/www");
      sandbox.files().write("/srv/www/hello.txt", "hello from inside");
      Servers.start(
          sandbox,
          """
          import functools, http.server
          handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory='/srv/www')
          server = http.server.ThreadingHTTPServer(('127.0.0.1', 8080), handler)
          print('ready', flush=True)
          server.serve_forever()
          """);

      var tunnel = sandbox.tunnel(8080);
      assertThat(tunnel.address().getAddress().isLoopbackAddress()).isTrue();
      var response =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(tunnel.uri().resolve("/hello.txt")).build(),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(response.body()).isEqualTo("hello from inside");
      assertThat(sandbox.tunnel(8080)).isEqualTo(tunnel);
    }
  }

  @Test
  void a_tunnel_may_be_there_before_its_server() throws Exception {
    try (var sandbox = Sandbox.create()) {
      var tunnel = sandbox.tunnel(7000);
      assertThatExceptionOfType(IOException.class).isThrownBy(() -> exchange(tunnel, bytes(1)));

      Servers.reverser(sandbox, "127.0.0.1", 7000);
      assertThat(exchange(tunnel, new byte[] {1, 2, 3})).containsExactly(3, 2, 1);
    }
  }

  @Test
  void a_server_on_ipv6_alone_is_reached_too() throws Exception {
    try (var sandbox = Sandbox.create()) {
      Servers.reverser(sandbox, "::1", 7000);
      assertThat(exchange(sandbox.tunnel(7000), new byte[] {1, 2, 3})).containsExactly(3, 2, 1);
    }
  }

  @Test
  void declared_ports_have_their_tunnels_from_the_start() throws Exception {
    try (var sandbox = Sandbox.builder().port(7000).port(7001).create()) {
      var first = sandbox.tunnel(7000);
      var second = sandbox.tunnel(7001);
      assertThat(first.address()).isNotEqualTo(second.address());
      Servers.reverser(sandbox, "127.0.0.1", 7001);
      assertThat(exchange(second, new byte[] {1, 2, 3})).containsExactly(3, 2, 1);
    }
  }

  @Test
  void megabytes_pass_both_ways_and_each_side_ends_by_itself() throws Exception {
    try (var sandbox = Sandbox.create()) {
      Servers.reverser(sandbox, "127.0.0.1", 7000);
      var sent = bytes(20_000_000);
      var received = exchange(sandbox.tunnel(7000), sent);
      for (int i = 0, j = sent.length - 1; i < j; i++, j--) {
        var kept = sent[i];
        sent[i] = sent[j];
        sent[j] = kept;
      }
      assertThat(received).isEqualTo(sent);
    }
  }

  @Test
  void three_hundred_connections_are_open_at_once() throws Exception {
    try (var sandbox = Sandbox.create()) {
      Servers.echo(sandbox, 7000);
      var tunnel = sandbox.tunnel(7000);
      var sockets = new ArrayList<Socket>();
      try {
        for (var i = 0; i < 300; i++) {
          sockets.add(connect(tunnel));
        }
        for (var i = 0; i < sockets.size(); i++) {
          sockets.get(i).getOutputStream().write(text(i));
        }
        // In another order than they were opened, so that none waits for its turn.
        for (var i = sockets.size() - 1; i >= 0; i--) {
          assertThat(sockets.get(i).getInputStream().readNBytes(5)).isEqualTo(text(i));
        }
      } finally {
        for (var socket : sockets) {
          socket.close();
        }
      }
    }
  }

  @Test
  void an_open_connection_keeps_an_idle_sandbox_alive() throws Exception {
    try (var sandbox = Sandbox.builder().idleTimeout(Duration.ofSeconds(3)).create()) {
      // What is left behind by an exec that has ended is no activity by itself.
      assertThat(sandbox.exec("python3", "-c", DAEMON).await().isSuccess()).isTrue();
      try (var socket = connect(sandbox.tunnel(7000))) {
        assertThat(sandbox.waitFor(Duration.ofSeconds(5))).isEmpty();
        socket.getOutputStream().write('x');
      }
      assertThatExceptionOfType(SandboxTimeoutException.class).isThrownBy(sandbox::waitFor);
      assertThat(sandbox.poll().orElseThrow().reason()).isEqualTo(ExitReason.IDLE_TIMEOUT);
    }
  }

  @Test
  void a_tunnel_ends_with_its_sandbox() throws Exception {
    PortTunnel tunnel;
    Socket open;
    Sandbox ended;
    try (var sandbox = Sandbox.create()) {
      ended = sandbox;
      Servers.echo(sandbox, 7000);
      tunnel = sandbox.tunnel(7000);
      open = connect(tunnel);
      open.getOutputStream().write(1);
      assertThat(open.getInputStream().read()).isEqualTo(1);
    }
    assertThat(ends(open)).isTrue();
    assertThatExceptionOfType(IOException.class).isThrownBy(() -> connect(tunnel).close());
    assertThatExceptionOfType(SandboxNotRunningException.class)
        .isThrownBy(() -> ended.tunnel(7000))
        .withMessageContaining("terminated");
  }

  @Test
  void the_sixty_fifth_tunnel_is_one_too_many() {
    try (var sandbox = Sandbox.create()) {
      for (var port = 1; port <= 64; port++) {
        sandbox.tunnel(port);
      }
      assertThatExceptionOfType(SandboxException.class)
          .isThrownBy(() -> sandbox.tunnel(65))
          .withMessageContaining("Port 65 of the sandbox " + sandbox.id() + " gets no tunnel")
          .withMessageContaining("64");
      assertThat(sandbox.tunnel(64).port()).isEqualTo(64);
    }
  }

  private static final String DAEMON =
      """
      import os, socket
      server = socket.create_server(('127.0.0.1', 7000))
      if os.fork() == 0:
          os.setsid()
          os.closerange(0, 3)
          while True:
              connection, _ = server.accept()
              with connection:
                  while connection.recv(1):
                      pass
      """;

  /** Sends all, says that this is all, and reads all of the answer. */
  private static byte[] exchange(PortTunnel tunnel, byte[] request) throws IOException {
    try (var socket = connect(tunnel)) {
      socket.getOutputStream().write(request);
      socket.shutdownOutput();
      return socket.getInputStream().readAllBytes();
    }
  }

  private static Socket connect(PortTunnel tunnel) throws IOException {
    return new Socket(tunnel.address().getAddress(), tunnel.address().getPort());
  }

  private static boolean ends(Socket socket) {
    try (socket) {
      return socket.getInputStream().read() < 0;
    } catch (IOException e) {
      return true;
    }
  }

  private static byte[] bytes(int count) {
    var bytes = new byte[count];
    new Random(count).nextBytes(bytes);
    return bytes;
  }

  private static byte[] text(int number) {
    return "%05d".formatted(number).getBytes(StandardCharsets.US_ASCII);
  }
}
