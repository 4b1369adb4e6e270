package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.PortTunnel;
import dev.sandboxed.Sandbox;
import java.io.IOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;

/** Ports inside, injected. */
class TunnelTest {
  private static final String HERE = TunnelTest.class.getName();
  private static final List<Object> SEEN = new ArrayList<>();

  @BeforeEach
  void forget() {
    SEEN.clear();
  }

  @Sandboxed
  static class EveryType {
    @Tunnel(7000)
    URI uriOfField;

    @BeforeEach
    void serve(Sandbox sandbox, @Tunnel(7000) int port) {
      SEEN.add(port);
      Server.start(sandbox);
    }

    @Test
    void test(
        Sandbox sandbox,
        @Tunnel(7000) URI uri,
        @Tunnel(value = 7000, scheme = "postgresql") URI database,
        @Tunnel(7000) InetSocketAddress address,
        @Tunnel(7000) int port,
        @Tunnel(7000) Integer boxed,
        @Tunnel(7000) PortTunnel tunnel)
        throws IOException {
      assertThat(tunnel).isEqualTo(sandbox.tunnel(7000));
      assertThat(address).isEqualTo(tunnel.address());
      assertThat(port).isEqualTo(address.getPort()).isEqualTo(boxed);
      assertThat(uri).isEqualTo(URI.create("http://127.0.0.1:" + port)).isEqualTo(uriOfField);
      assertThat(database).isEqualTo(URI.create("postgresql://127.0.0.1:" + port));
      assertThat(SEEN).containsExactly(port);
      assertThat(Server.ask(address)).isEqualTo("hello");
    }
  }

  @Test
  void isTheSameForEveryTypeAndLeadsToTheTestsSandbox() {
    Engine.pass(EveryType.class);
  }

  static class OfItsOwn {
    @Sandboxed
    @Tunnel(7000)
    PortTunnel own;

    @Test
    void test(@Sandboxed @Tunnel(7000) PortTunnel other) {
      assertThat(own.port()).isEqualTo(other.port());
      assertThat(own).isNotEqualTo(other);
    }
  }

  @Test
  void leadsToASandboxOfItsOwnBesideSandboxed() {
    Engine.pass(OfItsOwn.class);
  }

  @Sandboxed(scope = SandboxScope.CLASS, ports = 7000)
  static class Shared {
    @Tunnel(7000)
    static PortTunnel shared;

    @Tunnel(7000)
    PortTunnel ofInstance;

    @BeforeAll
    static void serve(Sandbox sandbox, @Tunnel(7000) PortTunnel tunnel) {
      assertThat(tunnel).isEqualTo(shared);
      Server.start(sandbox);
    }

    @Test
    void test(@Tunnel(7000) InetSocketAddress address) throws IOException {
      assertThat(address).isEqualTo(shared.address());
      assertThat(ofInstance).isEqualTo(shared);
      assertThat(Server.ask(address)).isEqualTo("hello");
    }

    @Nested
    class Inner {
      @Tunnel(7000)
      PortTunnel inner;

      @Test
      void test() {
        assertThat(inner).isEqualTo(shared).isEqualTo(ofInstance);
      }
    }
  }

  @Test
  void isSharedByAllOfAClass() {
    Engine.pass(Shared.class);
  }

  @Sandboxed
  @TestInstance(TestInstance.Lifecycle.PER_CLASS)
  static class OneInstance {
    @Tunnel(7000)
    PortTunnel tunnel;

    @Test
    void first(Sandbox sandbox) {
      assertThat(tunnel).isEqualTo(sandbox.tunnel(7000));
      SEEN.add(tunnel.address());
    }

    @Test
    void second(Sandbox sandbox) {
      assertThat(tunnel).isEqualTo(sandbox.tunnel(7000));
      SEEN.add(tunnel.address());
    }
  }

  @Test
  void isNewForEachTestOfOneInstance() {
    Engine.pass(OneInstance.class);
    assertThat(SEEN).hasSize(2);
  }

  @Tunnel(value = 7000, scheme = "https")
  @Retention(RetentionPolicy.RUNTIME)
  @interface Https {}

  @Sandboxed
  static class Composed {
    @Test
    void test(@Https URI uri) {
      assertThat(uri).hasScheme("https").hasHost("127.0.0.1");
    }
  }

  @Test
  void canBeComposed() {
    Engine.pass(Composed.class);
  }

  @Sandboxed
  static class WrongType {
    @Test
    void test(@Tunnel(80) String tunnel) {}
  }

  @Sandboxed
  static class WrongTypeWithSandbox {
    @Tunnel(80)
    Sandbox sandbox;

    @Test
    void test() {}
  }

  @Test
  void rejectsOtherTypes() {
    assertThat(Engine.fail(WrongType.class))
        .hasMessageEndingWith(
            ": @Tunnel parameter [java.lang.String tunnel] in method [void"
                + " %s$WrongType.test(java.lang.String)] must be of one of the types java.net.URI,"
                + " java.net.InetSocketAddress, int, java.lang.Integer, dev.sandboxed.PortTunnel"
                + " but is of type java.lang.String.",
            HERE);
    assertThat(Engine.fail(WrongTypeWithSandbox.class))
        .hasMessageEndingWith("but is of type dev.sandboxed.Sandbox.");
  }

  @Sandboxed
  static class NoPort {
    @Test
    void test(@Tunnel(0) int port) {}
  }

  @Sandboxed
  static class SchemeOfAPort {
    @Test
    void test(@Tunnel(value = 80, scheme = "https") int port) {}
  }

  @Sandboxed
  static class NoScheme {
    @Test
    void test(@Tunnel(value = 80, scheme = "http://") URI uri) {}
  }

  @Test
  void rejectsValuesThatHaveNoMeaning() {
    assertThat(Engine.fail(NoPort.class))
        .hasMessageEndingWith(
            ": @Tunnel(0) on parameter [int port] in method [void %s$NoPort.test(int)]: There is no"
                + " port 0; ports are numbers from 1 to 65535",
            HERE);
    assertThat(Engine.fail(SchemeOfAPort.class))
        .hasMessageEndingWith(
            ": @Tunnel(scheme = \"https\") on parameter [int port] in method [void"
                + " %s$SchemeOfAPort.test(int)] has no meaning for the type int; leave the scheme"
                + " out, or use java.net.URI.",
            HERE);
    assertThat(Engine.fail(NoScheme.class))
        .hasMessageEndingWith(
            "\"http://\" is not the scheme of a URI; write one such as http, without ://");
  }

  static class NoSandbox {
    @Test
    void test(@Tunnel(80) int port) {}
  }

  static class NoSandboxForField {
    @Tunnel(80)
    int port;

    @Test
    void test() {}
  }

  @Test
  void rejectsATunnelToNowhere() {
    assertThat(Engine.fail(NoSandbox.class))
        .hasMessageEndingWith(
            ": @Tunnel parameter [int port] in method [void %s$NoSandbox.test(int)] has no sandbox"
                + " to lead to; put @Sandboxed on the class, on the test method or beside @Tunnel",
            HERE);
    assertThat(Engine.fail(NoSandboxForField.class))
        .isInstanceOf(ExtensionConfigurationException.class)
        .hasMessage(
            "@Tunnel field [int %s$NoSandboxForField.port] has no sandbox to lead to; put"
                + " @Sandboxed on the class, on the test method or beside @Tunnel",
            HERE);
  }

  @Sandboxed
  static class StaticOfMethods {
    @Tunnel(80)
    static int port;

    @Test
    void test() {}
  }

  @Sandboxed
  static class Final {
    @Tunnel(80)
    final Integer port = null;

    @Test
    void test() {}
  }

  @Test
  void rejectsFieldsThatCannotHaveIt() {
    assertThat(Engine.fail(StaticOfMethods.class))
        .hasMessage(
            "field [static int %s$StaticOfMethods.port] cannot have the sandbox of a test method;"
                + " set scope = SandboxScope.CLASS on the class, or make the field an instance"
                + " field",
            HERE);
    assertThat(Engine.fail(Final.class))
        .hasMessage(
            "@Tunnel field [final java.lang.Integer %s$Final.port] must not be declared as final.",
            HERE);
  }

  /** Greets whoever connects to port 7000. */
  private static final class Server {
    private static final String PROGRAM =
        """
        import socket
        server = socket.create_server(('127.0.0.1', 7000))
        print('ready', flush=True)
        while True:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b'hello')
        """;

    static void start(Sandbox sandbox) {
      var process = sandbox.exec("python3", "-c", PROGRAM).start();
      assertThat(process.stdout().lines().findFirst()).contains("ready");
    }

    static String ask(InetSocketAddress address) throws IOException {
      try (var socket = new Socket(address.getAddress(), address.getPort())) {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      }
    }
  }
}
