package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.Backends;
import dev.sandboxed.Exec;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.maven.project.Checkout;
import dev.sandboxed.maven.project.Layout;
import dev.sandboxed.maven.project.ProjectRecognizer;
import dev.sandboxed.maven.project.Recognition;
import java.io.File;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Opens a shell, on a real terminal, in a running sandbox, or in a new one that sees the checkout
 * as {@code sandbox:run} shows it: copy-on-write.
 */
@Mojo(name = "shell", requiresProject = false, aggregator = true, threadSafe = true)
public final class ShellMojo extends AbstractCheckoutMojo {
  private static final String SHELL = "command -v bash > /dev/null && exec bash; exec sh";

  /** A running sandbox: its id, its name, or {@code app/name}. A new one is made unless set. */
  @Parameter(property = "sandbox.id")
  @Nullable String sandboxId;

  /** The directory that a new sandbox sees copy-on-write; this project unless set. */
  @Parameter(property = "sandbox.dir")
  @Nullable File directory;

  /** How long a new sandbox lives at most, such as {@code 30m} or {@code 8h}. */
  @Parameter(property = "sandbox.timeout", defaultValue = "8h")
  private String timeout = "8h";

  /** Made by Maven. */
  public ShellMojo() {}

  @Override
  public void execute() throws MojoExecutionException, MojoFailureException {
    try (var backend = Backends.open()) {
      if (sandboxId == null) {
        runInNew(backend);
      } else {
        try (var sandbox = AbstractSandboxesMojo.find(backend, sandboxId)) {
          run(sandbox, Map.of());
        }
      }
    } catch (NoTerminalException | SandboxException | IOException e) {
      throw new MojoExecutionException(e.getMessage(), e);
    }
  }

  private void runInNew(Backend backend)
      throws NoTerminalException, IOException, MojoFailureException {
    var configuration = parser(null, timeout).parse(directory(directory), defaultReports());
    var found =
        new ProjectRecognizer(caches())
            .recognise(new Checkout(configuration.project())).stream().findFirst();
    var caches = found.map(Recognition::caches).orElse(List.of());
    try (var sandbox = backend.create(CheckoutSpec.of(configuration, caches))) {
      sandbox.files().makeDirectories(Layout.SCRATCH + "/reports");
      getLog().info("A shell in the new sandbox %s".formatted(sandbox.id()));
      getLog().info(CheckoutSpec.describe(configuration));
      var env = new LinkedHashMap<String, String>();
      found
          .map(f -> f.planner().plan(new LiveInside(sandbox, configuration)).env())
          .ifPresent(env::putAll);
      env.putAll(configuration.env());
      run(sandbox, env);
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
