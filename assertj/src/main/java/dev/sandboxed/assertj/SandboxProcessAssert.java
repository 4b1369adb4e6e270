package dev.sandboxed.assertj;

import dev.sandboxed.ExitStatus;
import dev.sandboxed.SandboxProcess;
import dev.sandboxed.SecretMask;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Assertions on a process in a sandbox. They leave its output to whoever reads it.
 *
 * <pre>{@code
 * var server = sandbox.exec("python3", "-m", "http.server").start();
 * assertThat(server).isRunning();
 * server.signal(Signal.TERM);
 * assertThat(server).endsWithin(Duration.ofSeconds(10)).wasSignaled(Signal.TERM);
 * }</pre>
 */
public class SandboxProcessAssert extends AbstractRunAssert<SandboxProcessAssert, SandboxProcess> {

  /**
   * Begins assertions; {@link SandboxAssertions#assertThat(SandboxProcess)} does that.
   *
   * @param actual the process
   */
  public SandboxProcessAssert(@Nullable SandboxProcess actual) {
    // The process takes secrets out of its own description.
    super(actual, SandboxProcessAssert.class, SecretMask.none());
  }

  @Override
  Optional<ExitStatus> status() {
    return actual.poll();
  }

  @Override
  CompletableFuture<ExitStatus> onExit() {
    return actual.onExit();
  }

  @Override
  String noun() {
    return "process";
  }

  @Override
  String everything() {
    return "  " + actual;
  }
}
