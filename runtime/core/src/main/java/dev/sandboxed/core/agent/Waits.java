package dev.sandboxed.core.agent;

import dev.sandboxed.SandboxException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Waits for futures, and hands them out, the way the public API promises. */
final class Waits {
  private Waits() {}

  /**
   * Waits for a future; throws what it failed with, from the caller's line.
   *
   * @param what what is waited for, for the message of an interrupt
   * @param onInterrupt stops the work when the waiting thread is interrupted
   */
  static <T> T join(CompletableFuture<T> future, String what, Runnable onInterrupt) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      throw interrupted(what, onInterrupt, e);
    } catch (ExecutionException e) {
      throw rethrown(e.getCause() == null ? e : e.getCause());
    }
  }

  /** Waits at most for a time; empty if it is over. */
  static <T> Optional<T> join(CompletableFuture<T> future, Duration limit, String what) {
    try {
      return Optional.of(future.get(nanos(limit), TimeUnit.NANOSECONDS));
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      throw interrupted(what, () -> {}, e);
    } catch (ExecutionException e) {
      throw rethrown(e.getCause() == null ? e : e.getCause());
    }
  }

  /**
   * Returns a future for users: their dependents run on the executor and never on the connection's
   * thread, and cancelling it stops the work.
   */
  static <T> CompletableFuture<T> expose(
      CompletableFuture<T> inner, Executor executor, Runnable onCancel) {
    var outer = new CompletableFuture<T>();
    inner.whenCompleteAsync((value, failure) -> complete(outer, value, failure), executor);
    outer.whenComplete(
        (value, failure) -> {
          if (outer.isCancelled()) {
            onCancel.run();
          }
        });
    return outer;
  }

  /** Returns the error inside the wrappers that futures add. */
  static Throwable unwrap(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  static SandboxException interrupted(String what, Runnable onInterrupt, Throwable cause) {
    onInterrupt.run();
    Thread.currentThread().interrupt();
    return new SandboxException(
        "Interrupted while waiting for %s, which was stopped".formatted(what), cause);
  }

  private static <T> void complete(
      CompletableFuture<T> outer, T value, @Nullable Throwable failure) {
    if (failure == null) {
      outer.complete(value);
    } else {
      outer.completeExceptionally(unwrap(failure));
    }
  }

  private static RuntimeException rethrown(Throwable failure) {
    if (failure instanceof SandboxException known) {
      // It was made on the connection's thread, whose stack tells the caller nothing.
      known.fillInStackTrace();
      return known;
    }
    if (failure instanceof CancellationException cancelled) {
      return cancelled;
    }
    return new SandboxException("Unexpected error: " + failure, failure);
  }

  private static long nanos(Duration limit) {
    try {
      return limit.toNanos();
    } catch (ArithmeticException e) {
      return Long.MAX_VALUE;
    }
  }
}
