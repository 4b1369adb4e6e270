package dev.sandboxed.assertj;

import dev.sandboxed.ExecResult;
import dev.sandboxed.ExitStatus;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.assertj.core.api.AbstractStringAssert;
import org.jspecify.annotations.Nullable;

/**
 * Assertions on what a command left behind.
 *
 * <pre>{@code
 * assertThat(sandbox.exec("python3", "-c", "print(1 + 1)").await())
 *     .succeeded()
 *     .hasStdout("2\n")
 *     .hasNoStderr();
 * }</pre>
 */
public class ExecResultAssert extends AbstractExitAssert<ExecResultAssert, ExecResult> {

  /**
   * Begins assertions; {@link SandboxAssertions#assertThat(ExecResult)} does that.
   *
   * @param actual the result
   */
  public ExecResultAssert(@Nullable ExecResult actual) {
    super(actual, ExecResultAssert.class, SafeRepresentation.maskOf(actual));
  }

  /**
   * Verifies all of stdout, read as UTF-8.
   *
   * @param expected the expected text
   * @return these assertions
   */
  public ExecResultAssert hasStdout(String expected) {
    return has("stdout", ExecResult::stdout, expected);
  }

  /**
   * Verifies all of stderr, read as UTF-8.
   *
   * @param expected the expected text
   * @return these assertions
   */
  public ExecResultAssert hasStderr(String expected) {
    return has("stderr", ExecResult::stderr, expected);
  }

  /**
   * Verifies that nothing was printed to stdout.
   *
   * @return these assertions
   */
  public ExecResultAssert hasNoStdout() {
    return hasStdout("");
  }

  /**
   * Verifies that nothing was printed to stderr.
   *
   * @return these assertions
   */
  public ExecResultAssert hasNoStderr() {
    return hasStderr("");
  }

  /**
   * Goes on with stdout, read as UTF-8.
   *
   * <pre>{@code
   * assertThat(result).stdout().startsWith("Python 3");
   * }</pre>
   *
   * @return assertions on the text
   */
  public AbstractStringAssert<?> stdout() {
    isNotNull();
    return text(actual.stdout(), () -> "stdout of " + everything());
  }

  /**
   * Goes on with stderr, read as UTF-8.
   *
   * @return assertions on the text
   */
  public AbstractStringAssert<?> stderr() {
    isNotNull();
    return text(actual.stderr(), () -> "stderr of " + everything());
  }

  private ExecResultAssert has(String name, Function<ExecResult, String> output, String expected) {
    isNotNull();
    Objects.requireNonNull(expected, "expected");
    var found = output.apply(actual);
    if (!found.equals(expected)) {
      var difference = TextDifference.of(found, expected, representation);
      failWithActualExpectedAndMessage(
          difference.actual(),
          difference.expected(),
          "%nExpecting %s to be:%n\"%s\"%nbut it was:%n\"%s\"%n%s.%n%s",
          name,
          difference.expected(),
          difference.actual(),
          difference.place(),
          everything());
    }
    return this;
  }

  @Override
  Optional<ExitStatus> status() {
    return Optional.of(actual.status());
  }

  @Override
  String noun() {
    return "command";
  }

  @Override
  String everything() {
    return actual.toString();
  }
}
