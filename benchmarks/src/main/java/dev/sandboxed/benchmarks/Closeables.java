package dev.sandboxed.benchmarks;

import java.util.ArrayDeque;
import java.util.Deque;

/** Closes what it was given, the last first. */
final class Closeables implements AutoCloseable {
  private final Deque<AutoCloseable> all = new ArrayDeque<>();

  <T extends AutoCloseable> T add(T closeable) {
    all.push(closeable);
    return closeable;
  }

  @Override
  public void close() throws Exception {
    Exception failure = null;
    for (var closeable : all) {
      try {
        closeable.close();
      } catch (Exception e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
