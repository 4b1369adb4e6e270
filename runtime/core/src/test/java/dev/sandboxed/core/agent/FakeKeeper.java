package dev.sandboxed.core.agent;

import dev.sandboxed.core.protocol.Frame;
import dev.sandboxed.core.protocol.FrameReader;
import dev.sandboxed.core.protocol.FrameType;
import dev.sandboxed.core.protocol.JsonObject;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** The other end of a connection, which says whatever a test wants it to say. */
final class FakeKeeper implements SandboxTransport, AutoCloseable {
  private final SocketChannel client;
  private final SocketChannel own;
  private final FrameReader reader;
  private final CompletableFuture<String> released = new CompletableFuture<>();

  private FakeKeeper(SocketChannel client, SocketChannel own) {
    this.client = client;
    this.own = own;
    reader = new FrameReader(own);
  }

  static FakeKeeper open() throws IOException {
    var directory = Files.createTempDirectory("keeper");
    var address = UnixDomainSocketAddress.of(directory.resolve("s"));
    try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(address);
      var client = SocketChannel.open(address);
      return new FakeKeeper(client, server.accept());
    } finally {
      Files.deleteIfExists(address.getPath());
      Files.delete(Path.of(directory.toString()));
    }
  }

  /** Says what a good keeper says first. */
  FakeKeeper greet() throws IOException {
    say(0, FrameType.HELLO, Map.of("protocol", 1, "role", "keeper", "id", "sb-fake"));
    say(0, FrameType.EVENT, Map.of("running", Map.of("startupMicros", Map.of("agent", 1))));
    return this;
  }

  void say(int stream, FrameType type, Map<String, ?> json) throws IOException {
    say(Frame.json(stream, type, JsonObject.of(json)));
  }

  void say(int stream, FrameType type, int channel, byte[] payload) throws IOException {
    say(Frame.header(stream, type, channel, payload.length), ByteBuffer.wrap(payload));
  }

  void say(ByteBuffer... bytes) throws IOException {
    for (var buffer : bytes) {
      while (buffer.hasRemaining()) {
        own.write(buffer);
      }
    }
  }

  /** Waits for the next frame of a type. */
  Frame hear(FrameType type) throws IOException {
    while (true) {
      for (var frame = reader.next(); frame != null; frame = reader.next()) {
        if (frame.type() == type) {
          return frame;
        }
      }
      if (!reader.read()) {
        throw new IOException("the client hung up");
      }
    }
  }

  /** Waits until the client has hung up. */
  void awaitHangUp() throws IOException {
    do {
      var frame = reader.next();
      while (frame != null) {
        frame = reader.next();
      }
    } while (reader.read());
  }

  /** Ends the connection, and says that nothing is left. */
  void hangUp() throws IOException {
    own.close();
    released.complete("");
  }

  @Override
  public SocketChannel channel() {
    return client;
  }

  @Override
  public void kill() {
    released.complete("the last words of the runtime");
  }

  @Override
  public CompletableFuture<String> released() {
    return released;
  }

  @Override
  public void close() throws IOException {
    released.complete("");
    own.close();
    client.close();
  }
}
