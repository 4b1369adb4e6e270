package dev.sandboxed.core.agent;

import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxNotRunningException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Writes everything that a sandbox is, its memory among it. For one call; only {@link #cancel} may
 * be called from elsewhere.
 */
final class RemoteMemory {
  private final String id;
  private final AgentContext context;
  private final AtomicReference<@Nullable Runnable> stop = new AtomicReference<>();
  private volatile boolean cancelled;

  RemoteMemory(String id, AgentContext context) {
    this.id = id;
    this.context = context;
  }

  /**
   * Has the keeper write the memory into an empty directory; the caller removes it after errors.
   */
  void write(Path directory) {
    var request =
        Request.of(
            Map.of("op", "snapshot", "directory", directory.toString()),
            ok -> ok.number("size").orElse(0),
            error -> failed(directory, error));
    var stream = context.connection().prepare(request);
    context.log().note(stream.answer(), () -> "snapshot of the memory", size -> size + " bytes");
    stop.set(stream::cancel);
    checkCancelled();
    context.connection().begin(stream);
    Waits.join(stream.answer(), "the snapshot of the sandbox", stream::cancel);
    checkCancelled();
  }

  /** Stops the work; {@link #write} then throws. */
  void cancel() {
    cancelled = true;
    var work = stop.get();
    if (work != null) {
      work.run();
    }
  }

  private void checkCancelled() {
    if (cancelled) {
      throw new CancellationException("The snapshot of the sandbox %s was cancelled".formatted(id));
    }
  }

  private SandboxException failed(Path directory, AgentError error) {
    checkCancelled();
    if (error.isOfEnd()) {
      return new SandboxNotRunningException(
          "The memory of the sandbox %s cannot be written: it is not running; snapshots are taken while it runs"
              .formatted(id));
    }
    return error.kind().equals("NO_SPACE")
        ? new SandboxException(
            "Cannot write the memory of the sandbox %s: no space left in %s (%d MiB are free). Free some; nothing was kept, and the sandbox goes on."
                .formatted(id, directory, directory.toFile().getUsableSpace() >> 20))
        : new SandboxException(
            "Cannot write the memory of the sandbox %s: %s (%s)"
                .formatted(id, error.message(), error.kind()));
  }
}
