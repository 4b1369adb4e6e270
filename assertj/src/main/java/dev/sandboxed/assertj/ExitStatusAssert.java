package dev.sandboxed.assertj;

import dev.sandboxed.ExitStatus;
import dev.sandboxed.SecretMask;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Assertions on how a sandbox or a process ended.
 *
 * <pre>{@code
 * assertThat(process.waitFor()).wasSignaled(Signal.TERM);
 * }</pre>
 */
public class ExitStatusAssert extends AbstractExitAssert<ExitStatusAssert, ExitStatus> {

  /**
   * Begins assertions; {@link SandboxAssertions#assertThat(ExitStatus)} does that.
   *
   * @param actual the status
   */
  public ExitStatusAssert(@Nullable ExitStatus actual) {
    super(actual, ExitStatusAssert.class, SecretMask.none());
  }

  @Override
  Optional<ExitStatus> status() {
    return Optional.of(actual);
  }

  @Override
  String noun() {
    return "exit";
  }

  @Override
  String everything() {
    return "  " + actual;
  }
}
