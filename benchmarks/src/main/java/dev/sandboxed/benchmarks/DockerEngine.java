package dev.sandboxed.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A Docker engine, driven by its own command as its users do.
 *
 * <p>No container has a network, which is what costs Docker least.
 *
 * @param runtimes the runtimes for containers that are measured, of those that the engine has
 */
record DockerEngine(List<String> runtimes) {
  /** The runtime that is gVisor. */
  static final String GVISOR = "runsc";

  private static final String COMMAND = "docker";
  private static final List<String> COMPARED = List.of("runc", GVISOR);
  private static final long ANSWERS_SECONDS = 20;
  private static final String NAMES = "sandboxed-benchmark-" + ProcessHandle.current().pid() + "-";
  private static final AtomicInteger NUMBER = new AtomicInteger();

  DockerEngine {
    runtimes = List.copyOf(runtimes);
  }

  /** Returns the engine that the command finds by itself; says why there is none. */
  static Optional<DockerEngine> find() throws InterruptedException {
    try {
      var process =
          start("info", "--format", "{{range $name, $_ := .Runtimes}}{{println $name}}{{end}}");
      if (!process.waitFor(ANSWERS_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException("it did not answer within " + ANSWERS_SECONDS + " s");
      }
      var text = text(process);
      if (process.exitValue() != 0) {
        throw new IOException(text.strip().replaceAll("\\s+", " "));
      }
      var there = text.lines().map(String::strip).toList();
      return Optional.of(new DockerEngine(COMPARED.stream().filter(there::contains).toList()));
    } catch (IOException e) {
      System.err.println(
          "There is no Docker engine, so the rows of Docker and Testcontainers are left out;"
              + " benchmarks/docker-engine starts one. It was asked by \"docker info\": "
              + e.getMessage());
      return Optional.empty();
    }
  }

  /** What writes an archive of a root file system. */
  @FunctionalInterface
  interface Archive {
    void writeTo(OutputStream out) throws Exception;
  }

  /** Makes an image of a root file system. */
  Image load(Archive archive) throws Exception {
    var name = newName();
    var process = start("import", "-", name);
    try (var in = process.getOutputStream()) {
      archive.writeTo(in);
    }
    end(process, "import");
    return new Image(name);
  }

  private static String newName() {
    return NAMES + NUMBER.getAndIncrement();
  }

  private static Process start(String... arguments) throws IOException {
    var line = new ArrayList<>(List.of(COMMAND));
    line.addAll(List.of(arguments));
    return new ProcessBuilder(line).redirectErrorStream(true).start();
  }

  private static String text(Process process) throws IOException {
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  /** Waits for the end of a command; returns what it printed. */
  private static String end(Process process, String what) throws IOException, InterruptedException {
    process.getOutputStream().close();
    var text = text(process);
    if (process.waitFor() != 0) {
      throw new IOException(
          "docker %s ended with %d: %s".formatted(what, process.exitValue(), text.strip()));
    }
    return text;
  }

  /**
   * An image that exists until this is closed.
   *
   * @param name its name, by which Testcontainers finds it too
   */
  record Image(String name) implements AutoCloseable {

    /** Runs a container attached, as a new process. */
    Container run(String runtime, String... command) throws IOException {
      var container = newName();
      var line =
          new ArrayList<>(
              List.of(
                  "run",
                  "--rm",
                  "--pull=never",
                  "--network=none",
                  "--runtime",
                  runtime,
                  "--name",
                  container));
      line.add(name);
      line.addAll(List.of(command));
      return new Container(container, start(line.toArray(String[]::new)));
    }

    @Override
    public void close() throws IOException, InterruptedException {
      end(start("rmi", "--force", name), "rmi");
    }
  }

  /**
   * A container, ended when this is closed.
   *
   * @param name its name
   * @param process the {@code docker run}
   */
  record Container(String name, Process process) implements AutoCloseable {

    /** Returns what it prints, on both streams. */
    InputStream output() {
      return process.getInputStream();
    }

    /** Runs one more program in the container to its end, as a new process; returns its output. */
    String exec(String program) throws IOException, InterruptedException {
      return end(start("exec", name, program), "exec");
    }

    /** Waits for the end of a container that ends by itself. */
    void await() throws IOException, InterruptedException {
      end(process, "run");
    }

    @Override
    public void close() throws IOException, InterruptedException {
      if (process.isAlive()) {
        // It may be about to end by itself.
        var kill = start("rm", "--force", name);
        kill.getOutputStream().close();
        text(kill);
        kill.waitFor();
      }
      process.getOutputStream().close();
      process.getInputStream().transferTo(OutputStream.nullOutputStream());
      process.waitFor();
    }
  }
}
