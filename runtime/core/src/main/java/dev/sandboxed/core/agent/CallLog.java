package dev.sandboxed.core.agent;

import dev.sandboxed.Connection;
import dev.sandboxed.SecretMask;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;

/** Notes the calls on a verbose sandbox, with how they went and how long they took. */
final class CallLog {
  private static final String NAME = "dev.sandboxed";

  private final String id;
  private final boolean verbose;
  private final SecretMask mask;

  CallLog(String id, boolean verbose, SecretMask mask) {
    this.mask = mask;
    this.id = id;
    this.verbose = verbose;
  }

  /** Notes a call when its future completes. */
  <T> void note(CompletableFuture<T> call, Supplier<String> what, Function<T, String> outcome) {
    if (verbose) {
      var begin = System.nanoTime();
      call.whenComplete(
          (value, failure) ->
              System.getLogger(NAME)
                  .log(
                      Level.INFO,
                      "%s: %s after %,d ms"
                          .formatted(
                              id,
                              mask.apply(
                                  what.get()
                                      + ": "
                                      + (failure == null
                                          ? outcome.apply(value)
                                          : firstLine(Waits.unwrap(failure)))),
                              Duration.ofNanos(System.nanoTime() - begin).toMillis())));
    }
  }

  /** Notes a destination that the policy refused. */
  void refused(Connection connection) {
    System.getLogger(NAME)
        .log(verbose ? Level.INFO : Level.DEBUG, () -> "%s: %s".formatted(id, connection));
  }

  private static String firstLine(Throwable failure) {
    return String.valueOf(failure.getMessage()).lines().findFirst().orElse("failed");
  }
}
