package dev.sandboxed;

import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A process in a sandbox. Thread-safe; each stream has one reader or writer at a time.
 *
 * <pre>{@code
 * var process = sandbox.exec("pytest", "-q").start();
 * process.stdout().lines().forEach(System.out::println);
 * var status = process.waitFor();
 * }</pre>
 *
 * <p>A process whose output is not read stops when about two mebibytes wait; nothing else is held
 * back by it.
 */
public interface SandboxProcess extends AutoCloseable {

  /**
   * Returns the process id inside the sandbox.
   *
   * @return the pid
   */
  long pid();

  /**
   * Returns the command that was started.
   *
   * @return the program and its arguments
   */
  List<String> command();

  /**
   * Returns the stream to the process' stdin.
   *
   * <p>Its {@code write} blocks while the process does not read. Writing after {@code close}, or
   * after the process has ended, throws {@link java.io.IOException}.
   *
   * @return the stream; buffered, {@code flush} sends
   */
  OutputStream stdin();

  /**
   * Returns the process' stdout; with a terminal, everything it prints.
   *
   * @return the output
   */
  ProcessOutput stdout();

  /**
   * Returns the process' stderr; empty with a terminal.
   *
   * @return the output
   */
  ProcessOutput stderr();

  /**
   * Returns the exit status without waiting.
   *
   * @return empty while the process runs
   */
  Optional<ExitStatus> poll();

  /**
   * Waits for the end of the process. It does not wait for its output to be read.
   *
   * @return how it ended; a timeout is the reason {@link ExitReason#TIMEOUT}, not an exception
   * @throws SandboxNotRunningException if the sandbox ended first
   */
  ExitStatus waitFor();

  /**
   * Waits for the end of the process, at most for the given time.
   *
   * @param limit how long to wait
   * @return how it ended, or empty if it still runs
   */
  Optional<ExitStatus> waitFor(Duration limit);

  /**
   * Completes when the process has ended.
   *
   * @return a new future; cancelling it stops the wait, not the process
   */
  CompletableFuture<ExitStatus> onExit();

  /**
   * Sends a signal to the process; does nothing if it has ended.
   *
   * @param signal the signal
   */
  void signal(Signal signal);

  /**
   * Sends a signal to the process and everything in its group; does nothing if they have ended.
   *
   * @param signal the signal
   */
  void signalGroup(Signal signal);

  /** Kills the process and everything in its group; does nothing if they have ended. */
  default void kill() {
    signalGroup(Signal.KILL);
  }

  /**
   * Resizes the terminal.
   *
   * @param size the new size
   * @throws ExecException if the process has no terminal
   */
  void resize(PtySize size);

  /** Kills the process group if it still runs, and gives up the streams. */
  @Override
  void close();
}
