package dev.sandboxed.core.agent;

import static dev.sandboxed.core.protocol.ProtocolException.Rule.CONVERSATION;

import dev.sandboxed.SandboxException;
import dev.sandboxed.core.protocol.Frame;
import dev.sandboxed.core.protocol.FrameReader;
import dev.sandboxed.core.protocol.FrameType;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a keeper: one thread reads for all streams, and no stream makes it wait. Thread
 * safe.
 */
final class AgentConnection {

  /** Hears of the connection itself, on its thread. */
  interface Listener {

    /** Takes an event of the keeper. */
    void event(JsonObject event) throws ProtocolException;

    /**
     * The connection has ended.
     *
     * @param why what went wrong; null for a plain end
     */
    void closed(@Nullable Exception why);

    /** What to tell those whose streams end with the connection. */
    SandboxException streamsEnd();
  }

  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private final FrameReader reader;
  private final Outbox outbox;
  private final Listener listener;
  private final Map<Integer, AgentStream<?>> streams = new ConcurrentHashMap<>();
  private final AtomicInteger nextStream = new AtomicInteger(1);
  private volatile boolean closed;
  private boolean greeted;

  private AgentConnection(SocketChannel channel, Listener listener) throws IOException {
    this.channel = channel;
    this.listener = listener;
    channel.configureBlocking(false);
    selector = Selector.open();
    key = channel.register(selector, SelectionKey.OP_READ);
    reader = new FrameReader(channel);
    outbox = new Outbox(channel, this::wantWrite);
  }

  /** Takes over a channel, says hello, and starts to read. */
  static AgentConnection open(SocketChannel channel, String name, Listener listener)
      throws IOException {
    var connection = new AgentConnection(channel, listener);
    connection.outbox.send(
        Frame.json(
            0,
            FrameType.HELLO,
            JsonObject.of(
                Map.of("protocol", Frame.PROTOCOL, "role", "client", "version", version()))));
    var thread = new Thread(connection::run, "sandboxed-" + name);
    thread.setDaemon(true);
    thread.start();
    return connection;
  }

  /** Returns a stream for a request, which is not sent yet. */
  <T> AgentStream<T> prepare(Request<T> request) {
    return new AgentStream<>(nextStream.getAndIncrement(), request, outbox);
  }

  /** Sends a stream's request. If the connection has ended, the answer fails at once. */
  void begin(AgentStream<?> stream) {
    streams.put(stream.id(), stream);
    if (!closed) {
      stream.begin();
    } else if (streams.remove(stream.id()) != null) {
      stream.fail(listener.streamsEnd());
    }
  }

  /** Sends a request to the keeper itself. */
  void control(JsonObject message) {
    outbox.send(Frame.json(0, FrameType.CONTROL, message));
  }

  /** Ends the connection; its streams fail. Does not wait. */
  void close() {
    closed = true;
    selector.wakeup();
  }

  private void run() {
    Exception why = null;
    try {
      while (!closed) {
        selector.select();
        if (outbox.drain()) {
          stopWriting();
        }
        receive();
      }
    } catch (IOException | RuntimeException e) {
      why = e;
    } finally {
      end(why);
    }
  }

  private void receive() throws IOException {
    while (!closed && reader.read()) {
      for (var frame = reader.next(); frame != null; frame = reader.next()) {
        accept(frame);
      }
    }
    if (reader.ended()) {
      reader.next();
      closed = true;
    }
  }

  private void accept(Frame frame) throws ProtocolException {
    if (!greeted) {
      greet(frame);
    } else if (frame.stream() != 0) {
      var stream = streams.get(frame.stream());
      if (stream != null && !stream.accept(frame)) {
        streams.remove(frame.stream());
      }
    } else if (frame.type() == FrameType.EVENT) {
      listener.event(frame.json());
    } else {
      throw new ProtocolException(CONVERSATION, "an unexpected " + frame.type());
    }
  }

  private void greet(Frame frame) throws ProtocolException {
    if (frame.type() != FrameType.HELLO) {
      throw new ProtocolException(
          CONVERSATION, "the first frame is a %s and not a HELLO".formatted(frame.type()));
    }
    var protocol = frame.json().number("protocol").orElse(-1);
    if (protocol != Frame.PROTOCOL) {
      throw new ProtocolException(
          CONVERSATION,
          "the keeper speaks protocol %d and this library protocol %d; use the keeper that came with it"
              .formatted(protocol, Frame.PROTOCOL));
    }
    greeted = true;
  }

  private void end(@Nullable Exception why) {
    closed = true;
    outbox.close();
    try {
      channel.close();
      selector.close();
    } catch (IOException e) {
      if (why != null) {
        why.addSuppressed(e);
      }
    }
    listener.closed(why);
    // A stream opened meanwhile either is in the map by now or sees that the connection is closed.
    while (!streams.isEmpty()) {
      for (var id : List.copyOf(streams.keySet())) {
        var stream = streams.remove(id);
        if (stream != null) {
          stream.fail(listener.streamsEnd());
        }
      }
    }
  }

  private void wantWrite() {
    key.interestOpsOr(SelectionKey.OP_WRITE);
    selector.wakeup();
  }

  private void stopWriting() {
    synchronized (outbox) {
      if (outbox.drain()) {
        key.interestOpsAnd(~SelectionKey.OP_WRITE);
      }
    }
  }

  private static String version() {
    var version = AgentConnection.class.getPackage().getImplementationVersion();
    return version == null ? "0" : version;
  }
}
