package dev.sandboxed.gvisor.network;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A server of a test's own on the host's loopback, which answers each connection in its way. */
final class LoopbackServer implements AutoCloseable {
  private static final byte[] LOOPBACK = {127, 0, 0, 1};

  private final ServerSocket listener;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            var thread = new Thread(task, "loopback-server");
            thread.setDaemon(true);
            return thread;
          });

  /** What a server does with a connection, which is closed afterwards. */
  interface Handler {
    void handle(Socket connection) throws IOException;
  }

  private LoopbackServer(ServerSocket listener) {
    this.listener = listener;
  }

  static LoopbackServer start(Handler handler) {
    try {
      var server =
          new LoopbackServer(new ServerSocket(0, 1000, InetAddress.getByAddress(LOOPBACK)));
      server.threads.execute(() -> server.accept(handler));
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends back what it gets, until the client has sent all. */
  static LoopbackServer echo() {
    return start(
        connection -> connection.getInputStream().transferTo(connection.getOutputStream()));
  }

  /** Says a line to whoever connects. */
  static LoopbackServer saying(String line) {
    return start(
        connection ->
            connection.getOutputStream().write((line + "\n").getBytes(StandardCharsets.US_ASCII)));
  }

  int port() {
    return listener.getLocalPort();
  }

  /** Returns how many connections are open now. */
  int connections() {
    return open.size();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (var socket : open) {
      socket.close();
    }
    threads.shutdownNow();
  }

  private void accept(Handler handler) {
    while (!listener.isClosed()) {
      try {
        var socket = listener.accept();
        open.add(socket);
        threads.execute(() -> serve(socket, handler));
      } catch (IOException e) {
        // Closed, which ends the loop.
      }
    }
  }

  private void serve(Socket socket, Handler handler) {
    try (socket) {
      handler.handle(socket);
    } catch (IOException e) {
      // The client went away, as some tests want it to.
    } finally {
      open.remove(socket);
    }
  }
}
