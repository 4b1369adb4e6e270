package dev.sandboxed.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * gVisor driven by hand: its own command, the same namespaces, an EROFS root, no network.
 *
 * <p>This is what ours is held against, so it has nothing that costs time and that it can do
 * without. Thread-safe.
 */
final class BareRunsc {
  private final Path runsc;
  private final Path image;
  private final Path directory;
  private final AtomicInteger containers = new AtomicInteger();

  BareRunsc(Path runsc, Path image, Path directory) throws IOException {
    this.runsc = runsc;
    this.image = image;
    this.directory = Files.createDirectories(directory);
  }

  /** Starts a container attached, as a new process. */
  Container run(String... args) throws IOException {
    var id = "bare-" + containers.getAndIncrement();
    var bundle = Files.createDirectories(directory.resolve(id));
    Files.createDirectories(bundle.resolve("rootfs"));
    Files.writeString(bundle.resolve("config.json"), config(args));
    var process =
        start(
            List.of("unshare", "--user", "--map-root-user", "--mount", "--net", "--"),
            "run",
            "--bundle",
            bundle.toString(),
            id);
    return new Container(id, process);
  }

  private Process start(List<String> prefix, String... command) throws IOException {
    var line = new ArrayList<>(prefix);
    line.add(runsc.toString());
    line.addAll(List.of("--root", directory.resolve("state").toString()));
    line.addAll(List.of("--ignore-cgroups", "--network=none"));
    line.addAll(List.of(command));
    return new ProcessBuilder(line).redirectError(directory.resolve("stderr").toFile()).start();
  }

  private String config(String... args) {
    return """
    {
      "ociVersion": "1.0.2",
      "process": {
        "user": {"uid": 0, "gid": 0}, "args": [%s], "cwd": "/", "env": ["PATH=/"],
        "noNewPrivileges": true
      },
      "root": {"path": "rootfs", "readonly": false},
      "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
      "annotations": {
        "dev.gvisor.spec.rootfs.source": "%s",
        "dev.gvisor.spec.rootfs.type": "erofs",
        "dev.gvisor.spec.rootfs.overlay": "memory"
      },
      "linux": {
        "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}]
      }
    }
    """
        .formatted(
            Stream.of(args).map(arg -> '"' + arg + '"').collect(Collectors.joining(", ")), image);
  }

  /** A running container. */
  final class Container implements AutoCloseable {
    private final String id;
    private final Process process;

    private Container(String id, Process process) {
      this.id = id;
      this.process = process;
    }

    InputStream stdout() {
      return process.getInputStream();
    }

    /** Runs one more program in the container, by {@code runsc exec}, as a new process. */
    Process exec(String... args) throws IOException {
      // The state belongs to the user that maps to root, and runsc wants to be root: same mapping.
      var command = new ArrayList<>(List.of("exec", id));
      command.addAll(List.of(args));
      return start(
          List.of("nsenter", "--user", "--preserve-credentials", "--target", pid(), "--"),
          command.toArray(String[]::new));
    }

    /** Writes what was changed on the root file system, as a new process. */
    Process upper(Path file) throws IOException {
      return start(
          List.of("nsenter", "--user", "--preserve-credentials", "--target", pid(), "--"),
          "tar",
          "rootfs-upper",
          "--file",
          file.toString(),
          id);
    }

    /** Writes the memory into an empty directory and lets the container go on, as a new process. */
    Process checkpoint(Path directory) throws IOException {
      return start(
          List.of("nsenter", "--user", "--preserve-credentials", "--target", pid(), "--"),
          "checkpoint",
          "--leave-running",
          "--compression",
          "none",
          "--image-path",
          directory.toString(),
          id);
    }

    private String pid() {
      return Long.toString(process.pid());
    }

    @Override
    public void close() throws IOException, InterruptedException {
      process.getOutputStream().close();
      process.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
      if (process.waitFor() != 0) {
        throw new IOException(
            "runsc ended with "
                + process.exitValue()
                + ": "
                + Files.readString(directory.resolve("stderr")));
      }
    }
  }
}
