package dev.sandboxed;

/**
 * How a sandbox or a process ended.
 *
 * @param code the exit code, as a shell would show it
 * @param reason why it ended
 */
public record ExitStatus(int code, ExitReason reason) {

  /**
   * Returns whether it ended by itself with the code 0.
   *
   * @return whether all went well
   */
  public boolean isSuccess() {
    return reason == ExitReason.EXITED && code == 0;
  }

  @Override
  public String toString() {
    return reason == ExitReason.EXITED ? "exit code " + code : reason + " (exit code " + code + ")";
  }
}
