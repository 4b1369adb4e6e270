package dev.sandboxed.gvisor;

import dev.sandboxed.SandboxException;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.volume.HostVolumes;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Removes what keepers that were killed have left behind, and old records. Thread-safe. */
final class Housekeeping {
  private final Path keeper;
  private final StateDirectory state;
  private final RecordDirectory records;
  private final HostVolumes volumes;

  Housekeeping(Path keeper, StateDirectory state, RecordDirectory records, HostVolumes volumes) {
    this.keeper = keeper;
    this.state = state;
    this.records = records;
    this.volumes = volumes;
  }

  /** Sweeps while nobody waits for it. */
  void sweep() {
    DirectoryNetwork.sweep(state);
    volumes.sweep();
    try {
      Commands.start(command("sweep"));
    } catch (IOException e) {
      System.getLogger("dev.sandboxed").log(Level.WARNING, "Cannot sweep " + state.path(), e);
    }
  }

  /** Sweeps and waits until that is done. */
  void sweepNow() {
    run("sweep");
  }

  /** Sweeps and removes all records; returns the ids of the sandboxes of which nothing is left. */
  List<String> prune() {
    DirectoryNetwork.sweep(state);
    volumes.sweep();
    return run("prune").array("records").orElse(List.of()).stream()
        .flatMap(id -> id instanceof String text ? Stream.of(text) : Stream.empty())
        .toList();
  }

  private JsonObject run(String what) {
    try {
      var output = Commands.run(command(what));
      if (output.code() != 0) {
        throw new SandboxException(
            "Nothing could be tidied up in %s and %s: %s"
                .formatted(state.path(), records.path(), output.output()));
      }
      return JsonObject.parse(ByteBuffer.wrap(output.output().getBytes(StandardCharsets.UTF_8)));
    } catch (IOException e) {
      throw new SandboxException(
          "Nothing could be tidied up in %s and %s: %s"
              .formatted(state.path(), records.path(), e.getMessage()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SandboxException("Interrupted while tidying up", e);
    }
  }

  private List<String> command(String what) {
    return List.of(keeper.toString(), what, state.path().toString(), records.path().toString());
  }
}
