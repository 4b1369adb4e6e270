package dev.sandboxed.core.agent;

import dev.sandboxed.Connection;
import dev.sandboxed.SecretMask;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** Notes the calls on a verbose sandbox, with how they went and how long they took. */
final class CallLog {
  private static final String NAME = "dev.sandboxed";

  /** A note is a line; longer ones are cut off. */
  private static final int MAX_NOTE = 2_000;

  /** How long a note of a call that is over may still take to be written. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final String id;
  private final boolean verbose;
  private final SecretMask mask;
  private final Consumer<String> keeper;
  private final Set<Pending> pending = ConcurrentHashMap.newKeySet();

  /** A call that is to be noted. */
  private record Pending(CompletableFuture<?> call, CompletableFuture<Void> noted) {}

  /**
   * Makes a log.
   *
   * @param keeper adds a note to the sandbox's own log
   */
  CallLog(String id, boolean verbose, SecretMask mask, Consumer<String> keeper) {
    this.mask = mask;
    this.id = id;
    this.verbose = verbose;
    this.keeper = keeper;
  }

  /** Notes a call when its future completes. */
  <T> void note(CompletableFuture<T> call, Supplier<String> what, Function<T, String> outcome) {
    if (!verbose) {
      return;
    }
    var begin = System.nanoTime();
    var entry = new Pending(call, new CompletableFuture<>());
    pending.add(entry);
    call.whenComplete(
        (value, failure) -> {
          try {
            var how = failure == null ? outcome.apply(value) : firstLine(Waits.unwrap(failure));
            write(
                "%s after %,d ms"
                    .formatted(
                        mask.apply(what.get() + ": " + how),
                        Duration.ofNanos(System.nanoTime() - begin).toMillis()));
          } finally {
            pending.remove(entry);
            entry.noted().complete(null);
          }
        });
  }

  private void write(String note) {
    System.getLogger(NAME).log(Level.INFO, () -> id + ": " + note);
    var line = new StringBuilder();
    note.codePoints()
        .limit(MAX_NOTE)
        .map(c -> Character.isISOControl(c) ? ' ' : c)
        .forEach(line::appendCodePoint);
    keeper.accept(line.toString());
  }

  /**
   * Waits until calls that are over are noted: whoever was told of the end of one may be ahead of
   * its note.
   */
  void settle() {
    for (var entry : pending) {
      if (entry.call().isDone()) {
        entry
            .noted()
            .copy()
            .completeOnTimeout(null, PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
            .join();
      }
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
