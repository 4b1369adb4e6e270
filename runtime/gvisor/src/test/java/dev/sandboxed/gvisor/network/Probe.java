package dev.sandboxed.gvisor.network;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxProcess;
import java.time.Duration;

/** Connects from inside a sandbox, and says what came of it. */
final class Probe {
  /** Prints what was received, or the name of the error. */
  private static final String CONNECT =
      """
      import errno, socket, sys
      try:
          with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=60) as s:
              s.sendall(sys.argv[3].encode())
              s.shutdown(socket.SHUT_WR)
              got = b''
              while part := s.recv(65536):
                  got += part
          print(got.decode())
      except socket.gaierror as e:
          print('NO SUCH NAME' if e.errno == socket.EAI_NONAME else 'NAME ERROR %d' % e.errno)
      except OSError as e:
          print(errno.errorcode.get(e.errno, repr(e)))
      """;

  private static final String DATAGRAM =
      """
      import errno, socket, sys
      try:
          host = socket.getaddrinfo(
              sys.argv[1], int(sys.argv[2]), socket.AF_INET, socket.SOCK_DGRAM)[0]
          with socket.socket(host[0], socket.SOCK_DGRAM) as s:
              s.settimeout(20)
              s.connect(host[4])
              s.send(sys.argv[3].encode())
              print(s.recv(65536).decode())
      except socket.gaierror as e:
          print('NO SUCH NAME' if e.errno == socket.EAI_NONAME else 'NAME ERROR %d' % e.errno)
      except OSError as e:
          print(errno.errorcode.get(e.errno, repr(e)))
      """;

  /** Holds a connection, and says what ends it. */
  private static final String HOLD =
      """
      import errno, socket, sys
      with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as s:
          s.sendall(b'x')
          s.recv(1)
          print('connected', flush=True)
          try:
              print('END' if not s.recv(1) else 'DATA')
          except OSError as e:
              print(errno.errorcode.get(e.errno, repr(e)))
      """;

  private Probe() {}

  /** Sends a text and all of it, and returns all of the answer, or the name of the error. */
  static String tcp(Sandbox sandbox, String host, int port, String text) {
    return run(sandbox, CONNECT, host, port, text);
  }

  static String tcp(Sandbox sandbox, String host, int port) {
    return tcp(sandbox, host, port, "hello");
  }

  /** Sends a datagram, and returns the one that comes back, or the name of the error. */
  static String udp(Sandbox sandbox, String host, int port, String text) {
    return run(sandbox, DATAGRAM, host, port, text);
  }

  /** Connects to an echo server; returns once connected. The next line says how it ended. */
  static SandboxProcess hold(Sandbox sandbox, String host, int port) {
    return Servers.start(sandbox, HOLD, host, Integer.toString(port));
  }

  private static String run(Sandbox sandbox, String program, String host, int port, String text) {
    var result =
        sandbox
            .exec("python3", "-c", program, host, Integer.toString(port), text)
            .timeout(Duration.ofSeconds(90))
            .await();
    if (!result.isSuccess()) {
      throw new AssertionError(result.toString());
    }
    return result.stdout().stripTrailing();
  }
}
