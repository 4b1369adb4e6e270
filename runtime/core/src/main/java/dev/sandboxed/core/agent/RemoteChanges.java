package dev.sandboxed.core.agent;

import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.core.tree.ArchiveLimits;
import dev.sandboxed.core.tree.TreeException;
import dev.sandboxed.core.tree.UpperLayer;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Writes what a sandbox has changed on its root file system. For one call; only {@link #cancel} may
 * be called from elsewhere.
 */
final class RemoteChanges {
  private static final int BUFFER = 256 << 10;

  private final String id;
  private final AgentContext context;
  private final AtomicReference<@Nullable Runnable> stop = new AtomicReference<>();
  private volatile boolean cancelled;

  RemoteChanges(String id, AgentContext context) {
    this.id = id;
    this.context = context;
  }

  /** Writes the changes as a layer of an image; if this fails, the file is not there. */
  void write(Path layer) {
    try {
      write(layer, directory(layer));
    } catch (TreeException e) {
      throw new SandboxException(
          "Cannot write the changes of the sandbox %s: %s".formatted(id, e.getMessage()), e);
    } catch (IOException e) {
      throw failed(layer, e);
    }
  }

  private void write(Path layer, Path directory) throws IOException {
    // Of the form of the image store's unfinished files, so that it is swept there if this process
    // ends before the keeper has opened it.
    var name = directory.resolve(ProcessHandle.current().pid() + "-" + UUID.randomUUID() + ".tmp");
    var owner = PosixFilePermissions.fromString("rw-------");
    try (var raw =
        FileChannel.open(
            name,
            Set.of(
                StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(owner))) {
      List<String> foreign;
      try {
        raw.lock();
        foreign = fetch(name);
      } finally {
        Files.deleteIfExists(name);
      }
      checkCancelled();
      normalise(raw, foreign, layer);
    }
  }

  /** Has the keeper fill the file, which needs no name once it is open there. */
  private List<String> fetch(Path file) {
    var request =
        Request.of(
                Map.of("op", "changes", "file", file.toString()),
                ok ->
                    ok.array("foreign").orElse(List.of()).stream()
                        .filter(String.class::isInstance)
                        .map(String.class::cast)
                        .toList(),
                error -> failed(file, error))
            .withEvents(
                event -> {
                  if (event.has("opened")) {
                    deleteName(file);
                  }
                });
    var stream = context.connection().prepare(request);
    context.log().note(stream.answer(), () -> "snapshot of the file system", answer -> "done");
    stop.set(stream::cancel);
    checkCancelled();
    context.connection().begin(stream);
    return Waits.join(stream.answer(), "the changes of the sandbox's file system", stream::cancel);
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

  private static void deleteName(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // It is tried again when the answer is there, and then its failure is told.
      return;
    }
  }

  private void normalise(FileChannel raw, List<String> foreign, Path layer) throws IOException {
    try (var out =
        new BufferedOutputStream(
            Files.newOutputStream(
                layer,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE),
            BUFFER)) {
      UpperLayer.write(raw, foreign, ArchiveLimits.generous(), out);
      checkCancelled();
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(layer);
      throw e;
    }
  }

  private SandboxException failed(Path file, AgentError error) {
    checkCancelled();
    if (error.isOfEnd()) {
      return new SandboxNotRunningException(
          "The changes of the sandbox %s cannot be written: it is not running; they are taken while it runs"
              .formatted(id));
    }
    return error.kind().equals("NO_SPACE")
        ? noSpace(file)
        : new SandboxException(
            "Cannot write the changes of the sandbox %s: %s (%s)"
                .formatted(id, error.message(), error.kind()));
  }

  private SandboxException failed(Path layer, IOException e) {
    if (String.valueOf(e.getMessage()).contains("No space left")) {
      return noSpace(layer);
    }
    var why =
        e instanceof FileSystemException file
            ? file.getFile() + ": " + file.getReason()
            : e.getMessage();
    return new SandboxException(
        "Cannot write the changes of the sandbox %s: %s".formatted(id, why), e);
  }

  private SandboxException noSpace(Path file) {
    var directory = directory(file);
    return new SandboxException(
        "Cannot write the changes of the sandbox %s: no space left in %s (%d MiB are free). Free some; nothing was kept, and the sandbox goes on."
            .formatted(id, directory, directory.toFile().getUsableSpace() >> 20));
  }

  private static Path directory(Path file) {
    var parent = file.toAbsolutePath().getParent();
    return parent == null ? Path.of("/") : parent;
  }
}
