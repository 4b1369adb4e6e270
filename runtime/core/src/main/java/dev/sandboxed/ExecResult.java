package dev.sandboxed;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/** What a command that ran to its end left behind. Immutable. */
public final class ExecResult {
  private final List<String> command;
  private final ExitStatus status;
  private final byte[] stdout;
  private final byte[] stderr;
  private final Duration duration;
  private final SecretMask mask;

  /**
   * Makes a result.
   *
   * @param command the program and its arguments
   * @param status how it ended
   * @param stdout all of its output
   * @param stderr all of its error output
   * @param duration how long it ran
   */
  public ExecResult(
      List<String> command, ExitStatus status, byte[] stdout, byte[] stderr, Duration duration) {
    this(command, status, stdout, stderr, duration, SecretMask.none());
  }

  /**
   * Makes a result that shows no secrets when it is printed.
   *
   * @param command the program and its arguments
   * @param status how it ended
   * @param stdout all of its output
   * @param stderr all of its error output
   * @param duration how long it ran
   * @param mask takes the secrets out of what {@code toString} shows
   */
  public ExecResult(
      List<String> command,
      ExitStatus status,
      byte[] stdout,
      byte[] stderr,
      Duration duration,
      SecretMask mask) {
    this.mask = mask;
    this.command = List.copyOf(command);
    this.status = status;
    this.stdout = stdout.clone();
    this.stderr = stderr.clone();
    this.duration = duration;
  }

  /**
   * Returns the command.
   *
   * @return the program and its arguments
   */
  public List<String> command() {
    return command;
  }

  /**
   * Returns how it ended.
   *
   * @return the status
   */
  public ExitStatus status() {
    return status;
  }

  /**
   * Returns the exit code.
   *
   * @return the code, as a shell would show it
   */
  public int exitCode() {
    return status.code();
  }

  /**
   * Returns whether the command ended by itself with the code 0.
   *
   * @return whether all went well
   */
  public boolean isSuccess() {
    return status.isSuccess();
  }

  /**
   * Returns stdout as UTF-8, malformed bytes replaced.
   *
   * @return the text
   */
  public String stdout() {
    return new String(stdout, StandardCharsets.UTF_8);
  }

  /**
   * Returns stderr as UTF-8, malformed bytes replaced.
   *
   * @return the text
   */
  public String stderr() {
    return new String(stderr, StandardCharsets.UTF_8);
  }

  /**
   * Returns stdout.
   *
   * @return a copy of the bytes
   */
  public byte[] stdoutBytes() {
    return stdout.clone();
  }

  /**
   * Returns stderr.
   *
   * @return a copy of the bytes
   */
  public byte[] stderrBytes() {
    return stderr.clone();
  }

  /**
   * Returns how long the command ran.
   *
   * @return the time from its start to its end
   */
  public Duration duration() {
    return duration;
  }

  /**
   * Returns what takes the secrets of the command and its sandbox out of texts for people.
   *
   * @return the mask that {@code toString} uses
   */
  public SecretMask mask() {
    return mask;
  }

  /** Shows the command, how it ended, and the ends of both streams, without secrets. */
  @Override
  public String toString() {
    return OutputTail.describe(command, status, stdout, stderr, mask);
  }
}
