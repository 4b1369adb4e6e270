package dev.sandboxed.junit.diagnosis;

import dev.sandboxed.StartupTimings;

/** Tells how long each step of a sandbox's start took. */
public final class Startup {
  private Startup() {}

  /** Returns for example {@code prepared in 2 ms, started in 90 ms, answered in 60 ms}. */
  public static String describe(StartupTimings took) {
    return "prepared in %,d ms, started in %,d ms, answered in %,d ms%s"
        .formatted(
            took.prepared().toMillis(),
            took.started().toMillis(),
            took.answered().toMillis(),
            took.ready().map(r -> ", ready in %,d ms".formatted(r.toMillis())).orElse(""));
  }
}
