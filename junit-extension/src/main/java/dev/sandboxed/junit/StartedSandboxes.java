package dev.sandboxed.junit;

import dev.sandboxed.SandboxException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/**
 * Sandboxes by what they are kept under: who asks first starts one, and who asks meanwhile waits
 * for it. Thread-safe.
 */
final class StartedSandboxes {
  private final ConcurrentMap<Object, CompletableFuture<RecordingSandbox>> byKey =
      new ConcurrentHashMap<>();

  /**
   * Returns the sandbox of the key. If its start fails, whoever asked first is told, and the others
   * try themselves.
   *
   * @throws SandboxException if the start fails, or the thread is interrupted
   */
  RecordingSandbox get(Object key, Supplier<RecordingSandbox> start) {
    while (true) {
      var own = new CompletableFuture<RecordingSandbox>();
      var before = byKey.putIfAbsent(key, own);
      if (before == null) {
        return start(key, own, start);
      }
      try {
        return before.get();
      } catch (ExecutionException e) {
        byKey.remove(key, before);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new SandboxException(
            "Interrupted while waiting for a sandbox that another test is starting", e);
      }
    }
  }

  /** Forgets a sandbox, so that the next that asks starts another. */
  void remove(RecordingSandbox sandbox) {
    byKey
        .values()
        .removeIf(s -> s.isDone() && !s.isCompletedExceptionally() && s.join() == sandbox);
  }

  private RecordingSandbox start(
      Object key, CompletableFuture<RecordingSandbox> own, Supplier<RecordingSandbox> start) {
    try {
      var started = start.get();
      own.complete(started);
      return started;
    } catch (Throwable t) {
      byKey.remove(key, own);
      own.completeExceptionally(t);
      throw t;
    }
  }
}
