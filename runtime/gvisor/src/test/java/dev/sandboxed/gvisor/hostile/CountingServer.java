package dev.sandboxed.gvisor.hostile;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A server on the host's loopback that echoes, and counts who came. */
final class CountingServer implements AutoCloseable {
  private static final int BACKLOG = 1024;

  private final ServerSocket socket;
  private final AtomicInteger connections = new AtomicInteger();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  private CountingServer(ServerSocket socket) {
    this.socket = socket;
  }

  static CountingServer start() throws IOException {
    var server = new CountingServer(new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress()));
    server.threads.execute(server::accept);
    return server;
  }

  int port() {
    return socket.getLocalPort();
  }

  /** Returns how many connections there have been. */
  int connections() {
    return connections.get();
  }

  private void accept() {
    while (!socket.isClosed()) {
      try {
        var connection = socket.accept();
        connections.incrementAndGet();
        threads.execute(() -> echo(connection));
      } catch (IOException e) {
        if (!socket.isClosed()) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  private static void echo(Socket connection) {
    try (connection) {
      connection.getInputStream().transferTo(connection.getOutputStream());
    } catch (IOException e) {
      // The other side may do what it likes.
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
    threads.shutdownNow();
  }
}
