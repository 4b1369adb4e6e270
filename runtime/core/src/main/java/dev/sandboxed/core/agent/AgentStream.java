package dev.sandboxed.core.agent;

import static dev.sandboxed.core.protocol.ProtocolException.Rule.CONVERSATION;

import dev.sandboxed.core.protocol.Frame;
import dev.sandboxed.core.protocol.FrameType;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The client's end of one stream: one request, its data and its answer.
 *
 * @param <T> the answer
 */
final class AgentStream<T> {
  private static final int MAX_EVENTS = 16;
  private static final int MAX_EVENT_BYTES = 64 << 10;
  private static final JsonObject CANCEL = JsonObject.of(Map.of("cancel", true));

  private final int id;
  private final Request<T> request;
  private final Outbox outbox;
  private final Receiver output;
  private final Receiver errorOutput;
  private final SendWindow window = new SendWindow();
  private final CompletableFuture<T> answer = new CompletableFuture<>();
  private final AtomicBoolean cancelled = new AtomicBoolean();
  private int events;

  AgentStream(int id, Request<T> request, Outbox outbox) {
    this.id = id;
    this.request = request;
    this.outbox = outbox;
    output = new Receiver(Frame.OUTPUT, request.output().orElse(null));
    errorOutput = new Receiver(Frame.ERROR_OUTPUT, request.errorOutput().orElse(null));
  }

  int id() {
    return id;
  }

  JsonObject request() {
    return request.message();
  }

  /** Sends the request. */
  void begin() {
    outbox.together(
        () -> {
          outbox.send(Frame.json(id, FrameType.OPEN, request.message()));
          output.open();
          errorOutput.open();
        });
  }

  /** Completes on the connection's thread, with the answer or a SandboxException. */
  CompletableFuture<T> answer() {
    return answer;
  }

  /** Asks the agent to stop the work; the answer still comes. */
  void cancel() {
    if (!answer.isDone() && cancelled.compareAndSet(false, true)) {
      outbox.send(Frame.json(id, FrameType.CONTROL, CANCEL));
    }
  }

  void control(JsonObject message) {
    if (!answer.isDone()) {
      outbox.send(Frame.json(id, FrameType.CONTROL, message));
    }
  }

  /** Returns what may be sent on the input channel. */
  SendWindow window() {
    return window;
  }

  /** Sends bytes that credit was taken for and that nobody changes any more; never waits. */
  void send(ByteBuffer bytes) {
    outbox.send(Frame.header(id, FrameType.DATA, Frame.INPUT, bytes.remaining()), bytes);
  }

  /** Sends bytes that credit was taken for; waits while much is on its way already. */
  void sendCopy(ByteBuffer bytes) throws InterruptedException {
    outbox.sendCopy(Frame.header(id, FrameType.DATA, Frame.INPUT, bytes.remaining()), bytes);
  }

  /** Says that no more input will come. */
  void sendEnd() {
    if (!answer.isDone()) {
      outbox.send(Frame.header(id, FrameType.END, Frame.INPUT, 0));
    }
  }

  /**
   * Takes a frame from the agent, on the connection's thread.
   *
   * @return whether the stream goes on
   */
  boolean accept(Frame frame) throws ProtocolException {
    switch (frame.type()) {
      case DATA -> receiver(frame).data(frame.payload());
      case END -> receiver(frame).end();
      case CREDIT -> credit(frame);
      case EVENT -> event(frame);
      case RESULT -> {
        result(frame.json());
        return false;
      }
      default -> throw unexpected(frame);
    }
    return true;
  }

  /** Ends the stream because nothing will come any more. */
  void fail(RuntimeException why) {
    output.fail(why);
    errorOutput.fail(why);
    window.close(why);
    answer.completeExceptionally(why);
  }

  private Receiver receiver(Frame frame) throws ProtocolException {
    return switch (frame.channel()) {
      case Frame.OUTPUT -> output;
      case Frame.ERROR_OUTPUT -> errorOutput;
      default -> throw unexpected(frame);
    };
  }

  private void credit(Frame frame) throws ProtocolException {
    if (frame.channel() != Frame.INPUT) {
      throw unexpected(frame);
    }
    window.add(frame.credit());
    request.onCredit().run();
  }

  private void event(Frame frame) throws ProtocolException {
    if (++events > MAX_EVENTS || frame.payload().remaining() > MAX_EVENT_BYTES) {
      throw new ProtocolException(
          CONVERSATION,
          "more than %d events, or one over %d bytes".formatted(MAX_EVENTS, MAX_EVENT_BYTES));
    }
    request.events().event(frame.json());
  }

  private void result(JsonObject result) throws ProtocolException {
    var error = result.object("error").map(AgentError::of);
    if (error.isPresent()) {
      fail(request.errors().apply(error.get()));
      return;
    }
    var ok = result.object("ok");
    if (ok.isEmpty()) {
      throw new ProtocolException(CONVERSATION, "a result that is neither ok nor an error");
    }
    var parsed = request.answer().parse(ok.get());
    output.finish();
    errorOutput.finish();
    window.close(null);
    answer.complete(parsed);
  }

  private static ProtocolException unexpected(Frame frame) {
    return new ProtocolException(
        CONVERSATION,
        "a %s frame on channel %d from the agent".formatted(frame.type(), frame.channel()));
  }

  /** One output channel: counts what the agent may send, and passes it on. */
  private final class Receiver {
    private final int channel;
    private final @Nullable Sink sink;
    private final AtomicLong credit = new AtomicLong();
    private boolean ended;

    Receiver(int channel, @Nullable Sink sink) {
      this.channel = channel;
      this.sink = sink;
    }

    void open() {
      if (sink != null) {
        sink.open(this::grant);
      }
    }

    private void grant(int bytes) {
      if (bytes > 0 && !answer.isDone()) {
        credit.addAndGet(bytes);
        outbox.send(Frame.credit(id, channel, bytes));
      }
    }

    void data(ByteBuffer bytes) throws ProtocolException {
      if (sink == null || ended || credit.addAndGet(-bytes.remaining()) < 0) {
        throw new ProtocolException(
            CONVERSATION, "data on channel %d that was not asked for".formatted(channel));
      }
      sink.data(bytes);
    }

    void end() throws ProtocolException {
      if (ended) {
        throw new ProtocolException(CONVERSATION, "a second end of channel %d".formatted(channel));
      }
      finish();
    }

    void finish() {
      if (!ended) {
        ended = true;
        if (sink != null) {
          sink.end();
        }
      }
    }

    void fail(RuntimeException why) {
      if (!ended) {
        ended = true;
        if (sink != null) {
          sink.fail(why);
        }
      }
    }
  }
}
