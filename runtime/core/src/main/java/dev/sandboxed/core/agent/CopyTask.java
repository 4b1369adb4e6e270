package dev.sandboxed.core.agent;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** A copy between host and sandbox that has been asked for, and needs a thread to go on. */
interface CopyTask {

  /** Copies to the end. */
  void run();

  /** Stops the copy; {@link #run} then throws. */
  void cancel();

  /** Copies on another thread; cancelling the future stops it. */
  static CompletableFuture<Void> async(CopyTask task, Executor executor) {
    return Waits.expose(CompletableFuture.runAsync(task::run, executor), executor, task::cancel);
  }
}
