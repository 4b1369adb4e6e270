package dev.sandboxed.junit.diagnosis;

import dev.sandboxed.SandboxException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A question to a sandbox that may hang. It is asked on a thread of its own, which is given up when
 * the time is over, so that a sandbox that answers nothing never holds up a report. Thread-safe.
 *
 * @param <T> what the answer is
 */
public final class Inquiry<T> {
  private final CompletableFuture<T> answer = new CompletableFuture<>();
  private final Thread thread;
  private final long deadline;
  private final Duration limit;

  private Inquiry(Supplier<T> question, Duration limit) {
    this.limit = limit;
    deadline = System.nanoTime() + limit.toNanos();
    thread = new Thread(() -> run(question), "sandbox diagnostics");
    thread.setDaemon(true);
  }

  /**
   * Asks.
   *
   * @param question asks the sandbox
   * @param limit how long the answer may take
   */
  public static <T> Inquiry<T> begin(Supplier<T> question, Duration limit) {
    var inquiry = new Inquiry<>(question, limit);
    inquiry.thread.start();
    return inquiry;
  }

  private void run(Supplier<T> question) {
    try {
      answer.complete(question.get());
    } catch (Throwable t) {
      // Whatever goes wrong here must not hide the failure that the report is about.
      answer.completeExceptionally(t);
    }
  }

  /**
   * Waits for the answer, at most until the time is over; also where the waiting thread was
   * interrupted, whose interrupt is kept.
   *
   * @param then makes something of the answer
   * @param otherwise makes something of the reason why there is none
   */
  public <R> R get(Function<? super T, R> then, Function<String, R> otherwise) {
    var interrupted = false;
    try {
      while (true) {
        try {
          return then.apply(answer.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS));
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (TimeoutException e) {
          thread.interrupt();
          return otherwise.apply("no answer within %d s".formatted(limit.toSeconds()));
        } catch (ExecutionException e) {
          return otherwise.apply(reason(e.getCause() == null ? e : e.getCause()));
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static String reason(Throwable failure) {
    return failure instanceof SandboxException && failure.getMessage() != null
        ? failure.getMessage()
        : failure.toString();
  }
}
