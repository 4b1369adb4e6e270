package dev.sandboxed;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * A command to run in a sandbox: immutable, every method returns a changed copy.
 *
 * <pre>{@code
 * var result = sandbox.exec("sort").stdin("b\na\n").timeout(Duration.ofSeconds(5)).await();
 * }</pre>
 */
public interface Exec {

  /**
   * Sets the directory to run in; the sandbox's working directory unless set.
   *
   * @param workdir a path inside; a relative one starts at the sandbox's working directory
   * @return a changed copy
   */
  Exec workdir(String workdir);

  /**
   * Adds an environment variable to those of the sandbox.
   *
   * @param name the name
   * @param value the value
   * @return a changed copy
   */
  Exec env(String name, String value);

  /**
   * Adds environment variables to those of the sandbox.
   *
   * @param variables the variables
   * @return a changed copy
   */
  Exec env(Map<String, String> variables);

  /**
   * Adds a secret as an environment variable.
   *
   * @param secret the secret
   * @return a changed copy
   */
  Exec secret(Secret secret);

  /**
   * Runs the command as another user; unless set the image's, which is root if it names none.
   *
   * @param user {@code name}, {@code uid}, {@code name:group} or {@code uid:gid}
   * @return a changed copy
   */
  Exec user(String user);

  /**
   * Passes bytes to stdin and closes it.
   *
   * @param bytes the input
   * @return a changed copy
   */
  Exec stdin(byte[] bytes);

  /**
   * Passes text to stdin, as UTF-8, and closes it.
   *
   * @param text the input
   * @return a changed copy
   */
  default Exec stdin(String text) {
    return stdin(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Kills the process group when this time is over.
   *
   * @param timeout more than zero, 24 hours at most
   * @return a changed copy
   */
  Exec timeout(Duration timeout);

  /**
   * Runs the command on a terminal; stderr is merged into stdout.
   *
   * @param size the terminal's size
   * @return a changed copy
   */
  Exec pty(PtySize size);

  /**
   * Limits what {@link #await} keeps of each output stream; 64 MiB unless set.
   *
   * @param limit the limit
   * @return a changed copy
   */
  Exec outputLimit(ByteSize limit);

  /**
   * Returns the command.
   *
   * @return the program and its arguments
   */
  List<String> command();

  /**
   * Starts the command and returns its process, once the program runs.
   *
   * @return the running process
   * @throws CommandNotFoundException if there is no such program
   * @throws CommandNotExecutableException if it cannot be executed
   * @throws ExecException if it cannot be started otherwise
   */
  SandboxProcess start();

  /**
   * Starts the command without waiting.
   *
   * @return completes once the program runs; cancelling it kills the process
   */
  CompletableFuture<SandboxProcess> startAsync();

  /**
   * Runs the command to its end and returns its output.
   *
   * <p>A child left in the background does not hold it back: when the process has ended and its
   * output is silent for a quarter of a second, what came so far is returned.
   *
   * @return the result, whatever the exit code
   * @throws ExecTimeoutException after the timeout; it carries the output so far
   * @throws OutputTooLargeException if a stream is larger than the limit; the process is killed
   */
  ExecResult await();

  /**
   * Runs the command to its end without waiting.
   *
   * @return completes as {@link #await} returns; cancelling it kills the process
   */
  CompletableFuture<ExecResult> awaitAsync();
}
