package dev.sandboxed.core.agent;

import dev.sandboxed.Image.SnapshotImage;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.core.protocol.JsonObject;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** A snapshot that has been asked for, and needs a thread to be taken. */
final class SnapshotTask {
  /** Longer than any disk lasts, and short enough for every clock. */
  private static final Duration FOR_GOOD = Duration.ofDays(365_000);

  private final RemoteChanges changes;
  private final Snapshots snapshots;
  private final JsonObject image;
  private final Optional<Duration> timeToLive;

  SnapshotTask(
      RemoteChanges changes, Snapshots snapshots, JsonObject image, Optional<Duration> timeToLive) {
    if (timeToLive.isPresent() && (timeToLive.get().isZero() || timeToLive.get().isNegative())) {
      throw new InvalidSpecException(
          "A snapshot cannot live for %s: give it a positive time, or none"
              .formatted(timeToLive.get()));
    }
    this.changes = changes;
    this.snapshots = snapshots;
    this.image = image;
    this.timeToLive = timeToLive.filter(time -> time.compareTo(FOR_GOOD) < 0);
  }

  SnapshotImage run() {
    return snapshots.keep(image, changes::write, timeToLive);
  }

  /** Takes it on another thread; cancelling the future stops that. */
  CompletableFuture<SnapshotImage> async(Executor executor) {
    return Waits.expose(
        CompletableFuture.supplyAsync(this::run, executor), executor, changes::cancel);
  }
}
