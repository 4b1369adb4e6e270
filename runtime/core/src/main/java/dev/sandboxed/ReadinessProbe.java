package dev.sandboxed;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * How to find out, from inside, whether what a sandbox runs is ready: an immutable value, checked
 * when a spec is built with it.
 *
 * <pre>{@code
 * try (var sandbox = Sandbox.builder()
 *         .command("python3", "-m", "http.server", "8080")
 *         .readyWhen(ReadinessProbe.http(8080, "/"))
 *         .create()) {
 *   sandbox.waitUntilReady();
 * }
 * }</pre>
 *
 * <p>A probe is tried until it has succeeded once, beginning when the command is started, or at
 * once where there is none. Between two attempts is its interval, 100 ms unless set, and an attempt
 * is given up after 10 seconds unless set; both may be 1 ms to 1 hour. After a command that takes
 * longer than half of {@link #DEFAULT_INTERVAL}, and unless another interval is set, twice that
 * time passes, 2 seconds at most: what it waits for needs the processors too. A spec may have 16
 * probes, grouped 3 levels deep. Probes are no activity for the {@linkplain
 * SandboxBuilder#idleTimeout idle timeout}.
 */
public sealed interface ReadinessProbe {

  /** How long a probe waits between two attempts unless it says otherwise. */
  Duration DEFAULT_INTERVAL = Duration.ofMillis(100);

  /** After which time an attempt is given up unless a probe says otherwise. */
  Duration DEFAULT_ATTEMPT_TIMEOUT = Duration.ofSeconds(10);

  /**
   * Waits until a program inside accepts connections.
   *
   * @param port the TCP port on the sandbox's own loopback, from 1 to 65535
   * @return the probe
   */
  static Tcp tcp(int port) {
    return new Tcp(port, DEFAULT_INTERVAL, DEFAULT_ATTEMPT_TIMEOUT);
  }

  /**
   * Waits until an HTTP server inside answers a GET with a status of 200 to 299; redirects are not
   * followed.
   *
   * @param port the TCP port on the sandbox's own loopback, from 1 to 65535
   * @param path what to ask for, beginning with {@code /}, with a query if need be; at most 2,048
   *     ASCII characters
   * @return the probe
   */
  static Http http(int port, String path) {
    return new Http(port, path, 0, DEFAULT_INTERVAL, DEFAULT_ATTEMPT_TIMEOUT);
  }

  /**
   * Waits until a command exits with code 0. It runs inside with the sandbox's environment, secrets
   * and working directory.
   *
   * @param command the program and its arguments, without a shell; 65,536 bytes at most in all
   * @return the probe
   */
  static Exec exec(String... command) {
    return exec(List.of(command));
  }

  /**
   * Waits until a command exits with code 0. It runs inside with the sandbox's environment, secrets
   * and working directory.
   *
   * @param command the program and its arguments, without a shell; 65,536 bytes at most in all
   * @return the probe
   */
  static Exec exec(List<String> command) {
    return new Exec(command, DEFAULT_INTERVAL, DEFAULT_ATTEMPT_TIMEOUT);
  }

  /**
   * Waits until the sandbox's command prints a line, on standard output or standard error. Lines
   * are looked at as they come, each once it is ended and with its first 8 KiB.
   *
   * @param pattern a regular expression to be found somewhere in the line, in the syntax of RE2,
   *     which knows neither lookaround nor back references; at most 1,000 bytes
   * @return the probe
   */
  static Log log(String pattern) {
    return new Log(pattern);
  }

  /**
   * Waits until each of some probes has succeeded, be it one after the other.
   *
   * @param probes one or more
   * @return the probe
   */
  static AllOf allOf(ReadinessProbe... probes) {
    return new AllOf(Arrays.asList(probes));
  }

  /**
   * Waits until one of some probes has succeeded.
   *
   * @param probes one or more
   * @return the probe
   */
  static AnyOf anyOf(ReadinessProbe... probes) {
    return new AnyOf(Arrays.asList(probes));
  }

  /**
   * A port that accepts connections; see {@link ReadinessProbe#tcp}.
   *
   * @param port the port
   * @param interval the time between two attempts
   * @param attemptTimeout after which time an attempt is given up
   */
  record Tcp(int port, Duration interval, Duration attemptTimeout) implements ReadinessProbe {

    /**
     * Returns the probe with another time between two attempts.
     *
     * @param interval from 1 ms to 1 hour
     * @return a new probe
     */
    public Tcp interval(Duration interval) {
      return new Tcp(port, interval, attemptTimeout);
    }

    /**
     * Returns the probe with another time for one attempt.
     *
     * @param attemptTimeout from 1 ms to 1 hour
     * @return a new probe
     */
    public Tcp attemptTimeout(Duration attemptTimeout) {
      return new Tcp(port, interval, attemptTimeout);
    }

    /** Shows the port. */
    @Override
    public String toString() {
      return "port " + port;
    }
  }

  /**
   * A path that is answered; see {@link ReadinessProbe#http}.
   *
   * @param port the port
   * @param path what is asked for
   * @param status the status that counts, or 0 for each of 200 to 299
   * @param interval the time between two attempts
   * @param attemptTimeout after which time an attempt is given up
   */
  record Http(int port, String path, int status, Duration interval, Duration attemptTimeout)
      implements ReadinessProbe {

    /**
     * Returns the probe for one status only.
     *
     * @param status from 200 to 599
     * @return a new probe
     */
    public Http status(int status) {
      return new Http(port, path, status, interval, attemptTimeout);
    }

    /**
     * Returns the probe with another time between two attempts.
     *
     * @param interval from 1 ms to 1 hour
     * @return a new probe
     */
    public Http interval(Duration interval) {
      return new Http(port, path, status, interval, attemptTimeout);
    }

    /**
     * Returns the probe with another time for one attempt.
     *
     * @param attemptTimeout from 1 ms to 1 hour
     * @return a new probe
     */
    public Http attemptTimeout(Duration attemptTimeout) {
      return new Http(port, path, status, interval, attemptTimeout);
    }

    /** Shows what is asked for. */
    @Override
    public String toString() {
      return "GET %s on port %d%s".formatted(path, port, status == 0 ? "" : ", status " + status);
    }
  }

  /**
   * A command that succeeds; see {@link ReadinessProbe#exec(List)}.
   *
   * @param command the program and its arguments
   * @param interval the time between two attempts
   * @param attemptTimeout after which time the command is killed with its process group
   */
  record Exec(List<String> command, Duration interval, Duration attemptTimeout)
      implements ReadinessProbe {

    /** Copies the command. */
    public Exec {
      command = List.copyOf(command);
    }

    /**
     * Returns the probe with another time between two attempts.
     *
     * @param interval from 1 ms to 1 hour
     * @return a new probe
     */
    public Exec interval(Duration interval) {
      return new Exec(command, interval, attemptTimeout);
    }

    /**
     * Returns the probe with another time for one attempt.
     *
     * @param attemptTimeout from 1 ms to 1 hour
     * @return a new probe
     */
    public Exec attemptTimeout(Duration attemptTimeout) {
      return new Exec(command, interval, attemptTimeout);
    }

    /** Shows the command. */
    @Override
    public String toString() {
      return "command " + OutputTail.commandLine(command);
    }
  }

  /**
   * A line that is printed; see {@link ReadinessProbe#log}.
   *
   * @param pattern the regular expression
   */
  record Log(String pattern) implements ReadinessProbe {

    /** Shows the pattern. */
    @Override
    public String toString() {
      return "log line \"%s\"".formatted(OutputTail.printable(pattern));
    }
  }

  /**
   * A group of probes that all have to succeed; see {@link ReadinessProbe#allOf}.
   *
   * @param probes the probes
   */
  record AllOf(List<ReadinessProbe> probes) implements ReadinessProbe {

    /** Copies the probes. */
    public AllOf {
      probes = List.copyOf(probes);
    }

    /** Shows the probes. */
    @Override
    public String toString() {
      return probes.stream().map(p -> p.toString()).collect(Collectors.joining(" and ", "(", ")"));
    }
  }

  /**
   * A group of probes of which one has to succeed; see {@link ReadinessProbe#anyOf}.
   *
   * @param probes the probes
   */
  record AnyOf(List<ReadinessProbe> probes) implements ReadinessProbe {

    /** Copies the probes. */
    public AnyOf {
      probes = List.copyOf(probes);
    }

    /** Shows the probes. */
    @Override
    public String toString() {
      return probes.stream().map(p -> p.toString()).collect(Collectors.joining(" or ", "(", ")"));
    }
  }
}
