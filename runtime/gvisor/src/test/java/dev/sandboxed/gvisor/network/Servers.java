package dev.sandboxed.gvisor.network;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxProcess;
import java.util.ArrayList;
import java.util.List;

/** Small servers that tests run inside. */
final class Servers {
  private Servers() {}

  /** Answers every connection with all that it was sent, once the client has sent all of it. */
  static SandboxProcess reverser(Sandbox sandbox, String address, int port) {
    return start(
        sandbox,
        """
        import socket, socketserver, sys
        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                got = b''
                while part := self.request.recv(65536):
                    got += part
                self.request.sendall(got[::-1])
        class Server(socketserver.ThreadingTCPServer):
            address_family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
            request_queue_size = 1000
            daemon_threads = True
        server = Server((sys.argv[1], int(sys.argv[2])), Handler)
        print('ready', flush=True)
        server.serve_forever()
        """,
        address,
        Integer.toString(port));
  }

  /** Sends back what it gets, as it comes. */
  static SandboxProcess echo(Sandbox sandbox, int port) {
    return start(
        sandbox,
        """
        import socketserver, sys
        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                while part := self.request.recv(65536):
                    self.request.sendall(part)
        class Server(socketserver.ThreadingTCPServer):
            request_queue_size = 1000
            daemon_threads = True
        server = Server(('127.0.0.1', int(sys.argv[1])), Handler)
        print('ready', flush=True)
        server.serve_forever()
        """,
        Integer.toString(port));
  }

  /** Runs a Python program, and returns once it has printed its first line. */
  static SandboxProcess start(Sandbox sandbox, String program, String... arguments) {
    var command = new ArrayList<>(List.of("python3", "-c", program));
    command.addAll(List.of(arguments));
    var process = sandbox.exec(command).start();
    if (process.stdout().lines().findFirst().isEmpty()) {
      throw new AssertionError("The server did not start: " + process.stderr().text());
    }
    return process;
  }
}
