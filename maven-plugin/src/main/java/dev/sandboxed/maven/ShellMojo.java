package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.Backends;
import dev.sandboxed.Durations;
import dev.sandboxed.Exec;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.ImageException;
import dev.sandboxed.MemorySnapshot;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.maven.project.Checkout;
import dev.sandboxed.maven.project.Recognition;
import dev.sandboxed.maven.project.ReportSource;
import dev.sandboxed.maven.project.TestPlan;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Opens a shell, on a real terminal, in a running sandbox, in a copy of one that a memory snapshot
 * was taken of, or in a new one that sees the checkout as {@code sandbox:run} shows it, with what
 * it depends on installed: its changes stay inside.
 */
@Mojo(name = "shell", requiresProject = false, aggregator = true, threadSafe = true)
public final class ShellMojo extends AbstractCheckoutMojo {
  private static final String SHELL = "command -v bash > /dev/null && exec bash; exec sh";

  /** What a directory is that is no project: there is nothing to install, and no cache to show. */
  private static final Recognition NOTHING =
      new Recognition(
          "",
          "",
          List.of(),
          List.of(),
          inside ->
              new TestPlan(List.of(), Map.of(), new ReportSource.None("nothing is recognised")));

  /** A running sandbox: its id, its name, or {@code app/name}. A new one is made unless set. */
  @Parameter(property = "sandbox.id")
  @Nullable String sandboxId;

  /**
   * The id of a memory snapshot, such as a failed test names it: the shell is in a new copy, where
   * everything runs on from that moment. It ends with the shell, and the snapshot stays.
   */
  @Parameter(property = "sandbox.snapshot")
  @Nullable String snapshotId;

  /** The directory that a new sandbox sees copy-on-write; this project unless set. */
  @Parameter(property = "sandbox.dir")
  @Nullable File directory;

  /** How long a new sandbox or copy lives at most, such as {@code 30m} or {@code 8h}. */
  @Parameter(property = "sandbox.timeout", defaultValue = "8h")
  private String timeout = "8h";

  /** Made by Maven. */
  public ShellMojo() {}

  @Override
  public void execute() throws MojoExecutionException, MojoFailureException {
    if (sandboxId != null && snapshotId != null) {
      throw new MojoExecutionException(
          "sandbox.id names a sandbox that runs and sandbox.snapshot one to start: give only one of"
              + " them");
    }
    try (var backend = Backends.open()) {
      if (snapshotId != null) {
        runInCopy(snapshot(backend, snapshotId));
      } else if (sandboxId == null) {
        try (var checkout = fetch(directory != null)) {
          runInNew(backend, checkout == null ? directory(directory) : checkout.directory());
        }
      } else {
        try (var sandbox = AbstractSandboxesMojo.find(backend, sandboxId)) {
          run(sandbox, Map.of());
        }
      }
    } catch (NoTerminalException | MissingToolException | SandboxException | IOException e) {
      throw new MojoExecutionException(e.getMessage(), e);
    }
  }

  private static MemorySnapshot snapshot(Backend backend, String id) throws MojoExecutionException {
    try {
      return backend.memorySnapshot(id.strip());
    } catch (ImageException e) {
      throw new MojoExecutionException(
          "sandbox.snapshot: %s Take another: run the test again with -Dsandboxed.diagnostics.snapshot=true, and its failure names the id; in a program, Sandbox.snapshot().id() is it."
              .formatted(e.getMessage()),
          e);
    }
  }

  private void runInCopy(MemorySnapshot snapshot)
      throws NoTerminalException, IOException, MojoFailureException {
    // The timeouts of the source were meant for what it did, not for a person who looks around.
    var limit = Durations.parse(timeout);
    try (var sandbox = snapshot.toBuilder().timeout(limit).idleTimeout(limit).create()) {
      getLog()
          .info(
              "A shell in %s, a copy of the snapshot %s; it ends with the shell"
                  .formatted(sandbox.id(), snapshot.id()));
      run(sandbox, Map.of());
    }
  }

  private void runInNew(Backend backend, Path checkout)
      throws NoTerminalException, MissingToolException, IOException, MojoFailureException {
    var console = new LogConsole(getLog());
    var parser = parser(null, timeout);
    var configuration = matrixRuns(parser).one(parser.parse(checkout, defaultReports()), console);
    var recognition =
        recognizer()
            .recognise(new Checkout(configuration.project(), configuration.directory()))
            .stream()
            .findFirst()
            .orElse(NOTHING);
    var project = new Workplaces(backend, configuration, recognition);
    var choice = new PhaseChoice(Set.of(), InstallMode.of(install));
    try (var places = project.prepare(choice, console)) {
      if (!places.isSuccess()) {
        throw new MojoFailureException(
            "What the project depends on cannot be installed, as said above. A shell without it:"
                + " -Dsandbox.install=caches");
      }
      try (var place = places.open()) {
        getLog()
            .info(
                "A shell in the new sandbox %s%s"
                    .formatted(
                        place.sandbox().id(),
                        configuration.variant().isEmpty()
                            ? ""
                            : ", on %s of the matrix".formatted(configuration.variant())));
        getLog().info(place.sees());
        var env = new LinkedHashMap<>(place.plan().env());
        env.putAll(configuration.env());
        run(place.sandbox(), env);
      }
    }
  }

  private void run(Sandbox sandbox, Map<String, String> env)
      throws NoTerminalException, IOException, MojoFailureException {
    var all = new LinkedHashMap<>(env);
    terminalType().ifPresent(type -> all.put("TERM", type));
    var exec = sandbox.exec("sh", "-c", command == null ? SHELL : command).env(all);
    var status = status(sandbox, exec);
    if (!status.isSuccess()) {
      throw new MojoFailureException(
          "The shell in the sandbox %s ended with %s".formatted(sandbox.id(), status));
    }
  }

  private static ExitStatus status(Sandbox sandbox, Exec exec)
      throws NoTerminalException, IOException {
    try {
      return new TerminalSession().run(exec);
    } catch (SandboxNotRunningException e) {
      // The sandbox ended under the shell, for example because its time was over.
      return sandbox.waitFor();
    }
  }

  /** Returns what programs inside shall take the terminal for. */
  private static Optional<String> terminalType() {
    return Optional.ofNullable(System.getenv("TERM")).filter(t -> t.matches("[\\w.+-]{1,64}"));
  }
}
