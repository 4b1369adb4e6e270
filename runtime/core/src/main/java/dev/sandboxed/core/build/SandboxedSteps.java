package dev.sandboxed.core.build;

import dev.sandboxed.BuildLog;
import dev.sandboxed.CommandNotExecutableException;
import dev.sandboxed.CommandNotFoundException;
import dev.sandboxed.Exec;
import dev.sandboxed.ExecException;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.Image;
import dev.sandboxed.ImageBuildException;
import dev.sandboxed.ImageException;
import dev.sandboxed.ImageStep;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.ProcessOutput;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFileException;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.SandboxProcess;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.SandboxTimeoutException;
import dev.sandboxed.SecretMask;
import dev.sandboxed.core.agent.AgentSandbox;
import dev.sandboxed.core.buildtools.AptSources;
import dev.sandboxed.core.image.PreparedImage;
import dev.sandboxed.core.image.StepRunner;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs the programs of steps, each in a sandbox of its own. Thread-safe. */
public final class SandboxedSteps implements StepRunner {
  /** The app of the sandboxes, by which lists show what they are for. */
  public static final String APP = "image-build";

  /** How long children that a program leaves behind may be silent before the step goes on. */
  private static final Duration SILENCE = Duration.ofMillis(250);

  /** How long a sandbox that has lost its program may take to end. */
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final int NOT_EXECUTABLE = 126;
  private static final int NOT_FOUND = 127;
  private static final int TIMED_OUT = 124;

  private final StepSandboxes sandboxes;
  private final BuildSettings settings;
  private final BuildLog log;
  private final Executor executor;

  /**
   * Makes a runner.
   *
   * @param sandboxes starts sandboxes
   * @param settings what steps may use
   * @param log is told what happens
   * @param executor reads what programs print; must not bound its threads
   */
  public SandboxedSteps(
      StepSandboxes sandboxes, BuildSettings settings, BuildLog log, Executor executor) {
    this.sandboxes = sandboxes;
    this.settings = settings;
    this.log = log;
    this.executor = executor;
  }

  @Override
  public BuildLog log() {
    return log;
  }

  @Override
  public void run(Image parent, PreparedImage prepared, ImageStep.InSandbox step, Path layer)
      throws IOException {
    refuseToolsOfTheHost(prepared, step);
    var begin = System.nanoTime();
    log.started(step);
    var done = false;
    try {
      runInSandbox(parent, prepared, step, layer);
      done = true;
    } finally {
      if (!done) {
        log.failed(step);
      }
    }
    log.finished(step, Duration.ofNanos(System.nanoTime() - begin));
  }

  /** What is installed lies among the tools, and those of the host cannot be changed. */
  private static void refuseToolsOfTheHost(PreparedImage prepared, ImageStep.InSandbox step) {
    var kind =
        step instanceof ImageStep.AptInstall
            ? "Debian packages"
            : step instanceof ImageStep.NpmInstall ? "an npm" : "";
    if (!kind.isEmpty() && !prepared.mounts().isEmpty()) {
      throw new ImageException(
          "The step \"%s\" needs an image with %s of its own, and this one shows the tools of the host, read-only; install it on the host, or begin with another image"
              .formatted(step, kind));
    }
  }

  private void runInSandbox(
      Image parent, PreparedImage prepared, ImageStep.InSandbox step, Path layer)
      throws IOException {
    try (var sandbox = sandboxes.start(spec(parent, step), prepared)) {
      var sources = AptFiles.read(sandbox.files());
      sandbox.changeNetwork(
          network(step).and(sources.policy(AptSources.in(Path.of(AptSources.DIRECTORY)))));
      var command = StepCommand.of(step, prepared.environment());
      try {
        run(sandbox, step, command);
      } finally {
        log.connections(step, sandbox.connections());
      }
      command.litter().ifPresent(directory -> remove(sandbox, directory));
      sandbox.writeChanges(layer);
    }
  }

  private SandboxSpec spec(Image parent, ImageStep.InSandbox step) {
    var builder =
        Sandbox.builder()
            .image(parent)
            .app(APP)
            .disk(settings.disk())
            .network(network(step))
            .timeout(settings.timeout().plus(BuildSettings.AROUND));
    settings.memory().ifPresent(builder::memory);
    return builder.build();
  }

  private static NetworkPolicy network(ImageStep.InSandbox step) {
    return NetworkPolicy.buildTools().and(step.network());
  }

  private void run(AgentSandbox sandbox, ImageStep.InSandbox step, StepCommand command) {
    var output = new StepOutput(SecretMask.of(step.secrets()), line -> log.line(step, line));
    ExitStatus status;
    try (var process = exec(sandbox, step, command).start()) {
      status = follow(process, output);
    } catch (CommandNotFoundException e) {
      throw new ImageBuildException(step, exited(NOT_FOUND), "", sentence(e));
    } catch (CommandNotExecutableException e) {
      throw new ImageBuildException(step, exited(NOT_EXECUTABLE), "", sentence(e));
    } catch (SandboxNotRunningException e) {
      status = end(sandbox, e);
    }
    if (!status.isSuccess()) {
      throw new ImageBuildException(
          step, status, output.tail(), StepAdvice.of(status, output.tail(), sandbox.connections()));
    }
  }

  private Exec exec(Sandbox sandbox, ImageStep.InSandbox step, StepCommand command) {
    var exec =
        sandbox
            .exec(command.command())
            .stdin("")
            .env(command.environment())
            .timeout(settings.timeout());
    for (var secret : step.secrets()) {
      exec = exec.secret(secret);
    }
    return command.user().isPresent() ? exec.user(command.user().get()) : exec;
  }

  /** Waits for the end of the program, and of its output. */
  private ExitStatus follow(SandboxProcess process, StepOutput output) {
    var readers =
        CompletableFuture.allOf(
            reader(process, process.stdout(), output), reader(process, process.stderr(), output));
    var status = process.waitFor();
    // What the program left behind may still print.
    var open = !isDone(readers);
    while (open && output.silentNanos() < SILENCE.toNanos()) {
      open = !isDone(readers);
    }
    process.close();
    try {
      readers.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw e;
    }
    return status;
  }

  private CompletableFuture<Void> reader(
      SandboxProcess process, ProcessOutput stream, StepOutput output) {
    return CompletableFuture.runAsync(
            () -> {
              try {
                output.read(stream.stream());
              } catch (IOException e) {
                // The stream was given up, or the sandbox ended: how the program ended tells.
                return;
              }
            },
            executor)
        // A program whose output nobody reads would wait for ever.
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                process.close();
              }
            });
  }

  private static boolean isDone(CompletableFuture<Void> readers) {
    try {
      readers.get(SILENCE.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (ExecutionException e) {
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  /** Returns how a sandbox ended under its program. */
  private static ExitStatus end(Sandbox sandbox, SandboxNotRunningException e) {
    try {
      return sandbox.waitFor(PATIENCE).orElseThrow(() -> e);
    } catch (SandboxTimeoutException timeout) {
      return new ExitStatus(TIMED_OUT, ExitReason.TIMEOUT);
    }
  }

  private static void remove(Sandbox sandbox, String directory) {
    try {
      sandbox.files().removeRecursively(directory);
    } catch (SandboxFileException.NotFound e) {
      // The program had no need of it.
      return;
    }
  }

  private static ExitStatus exited(int code) {
    return new ExitStatus(code, ExitReason.EXITED);
  }

  private static String sentence(ExecException e) {
    return e.getMessage() + ".";
  }
}
