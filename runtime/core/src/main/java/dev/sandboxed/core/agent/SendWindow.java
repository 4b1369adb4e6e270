package dev.sandboxed.core.agent;

import static dev.sandboxed.core.protocol.ProtocolException.Rule.CONVERSATION;

import dev.sandboxed.core.protocol.ProtocolException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** How much may be sent on an input channel. Thread-safe. */
final class SendWindow {
  private long credit;
  private boolean closed;
  private @Nullable RuntimeException why;

  synchronized void add(int bytes) throws ProtocolException {
    credit += bytes;
    if (credit > Integer.MAX_VALUE) {
      throw new ProtocolException(CONVERSATION, "credit of more than %d".formatted(credit));
    }
    notifyAll();
  }

  /**
   * Ends the window: the reader inside has gone.
   *
   * @param reason what went wrong; null if nothing did
   */
  synchronized void close(@Nullable RuntimeException reason) {
    closed = true;
    why = reason;
    notifyAll();
  }

  /** Takes credit without waiting: as much as there is, 0 if none. */
  synchronized int tryTake(int most) {
    var taken = closed ? 0 : (int) Math.min(most, credit);
    credit -= taken;
    return taken;
  }

  /**
   * Takes credit, at least 1 byte, and waits for it.
   *
   * @throws IOException if the reader inside has gone
   */
  synchronized int take(int most) throws IOException, InterruptedException {
    while (credit == 0 && !closed) {
      wait();
    }
    checkOpen();
    return tryTake(most);
  }

  /** Waits until the reader inside is ready for a first byte, or has gone. */
  synchronized void awaitOpen() throws IOException, InterruptedException {
    while (credit == 0 && !closed) {
      wait();
    }
    if (why != null) {
      checkOpen();
    }
  }

  private void checkOpen() throws IOException {
    if (why != null) {
      throw new IOException(why.getMessage(), why);
    }
    if (closed) {
      throw new IOException("Nobody reads this any more: the process inside has ended");
    }
  }
}
