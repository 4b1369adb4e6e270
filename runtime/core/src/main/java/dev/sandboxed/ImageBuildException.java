package dev.sandboxed;

import java.io.Serial;

/**
 * A step of an image failed: its program ended with an error, or went beyond a limit. Nothing of
 * the step is kept; the steps before it are.
 */
public final class ImageBuildException extends ImageException {
  @Serial private static final long serialVersionUID = 1L;
  private final transient ImageStep step;
  private final transient ExitStatus status;
  private final String output;

  /**
   * Makes the exception.
   *
   * @param step the step
   * @param status how its program ended
   * @param output the last lines that it printed, without secrets
   * @param advice what to do, a sentence; may be empty
   */
  public ImageBuildException(ImageStep step, ExitStatus status, String output, String advice) {
    super(
        "The step \"%s\" failed: %s.%s %s"
            .formatted(
                step,
                status,
                advice.isEmpty() ? "" : " " + advice,
                output.isBlank()
                    ? "It printed nothing."
                    : "Its last lines:\n"
                        + OutputTail.printable(output).stripTrailing().indent(2).stripTrailing()));
    this.step = step;
    this.status = status;
    this.output = output;
  }

  /**
   * Returns the step that failed.
   *
   * @return the step
   */
  public ImageStep step() {
    return step;
  }

  /**
   * Returns how the step's program ended.
   *
   * @return the code, and why
   */
  public ExitStatus status() {
    return status;
  }

  /**
   * Returns the exit code of the step's program.
   *
   * @return the code, as a shell would show it
   */
  public int exitCode() {
    return status.code();
  }

  /**
   * Returns the end of what the step's program printed, stdout and stderr as they came.
   *
   * @return the last lines, without secrets; hostile text, not cleaned for a terminal
   */
  public String output() {
    return output;
  }
}
