package dev.sandboxed.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Says how to find out whether what a sandbox runs is ready, see {@link
 * dev.sandboxed.ReadinessProbe}; used in {@link Sandboxed#readyWhen}. It has exactly one of {@link
 * #tcp}, {@link #http}, {@link #exec} and {@link #log}.
 *
 * <pre>{@code
 * @Sandboxed(command = "redis-server", readyWhen = @Probe(tcp = 6379))
 * }</pre>
 */
@Documented
@Target({})
@Retention(RetentionPolicy.RUNTIME)
public @interface Probe {

  /**
   * Waits until a TCP port inside accepts connections.
   *
   * @return from 1 to 65535
   */
  int tcp() default 0;

  /**
   * Waits until an HTTP server on a port inside answers a GET of {@link #path} with {@link
   * #status}.
   *
   * @return from 1 to 65535
   */
  int http() default 0;

  /**
   * Says what to ask the server of {@link #http} for.
   *
   * @return a path, perhaps with a query, such as {@code /health}; {@code /} unless set
   */
  String path() default "";

  /**
   * Says which answer of the server of {@link #http} counts.
   *
   * @return from 200 to 599; each of 200 to 299 unless set
   */
  int status() default 0;

  /**
   * Waits until a command exits with code 0.
   *
   * @return the program and its arguments, without a shell
   */
  String[] exec() default {};

  /**
   * Waits until the sandbox's command prints a line.
   *
   * @return a regular expression of RE2 to be found somewhere in it, such as {@code ready to
   *     accept}
   */
  String log() default "";

  /**
   * Sets the time between two attempts; it has no effect on log lines.
   *
   * @return a number and a unit such as {@code 500ms}, from 1 ms to 1 hour; 100 ms unless set, and
   *     longer after a command that takes long, see {@link dev.sandboxed.ReadinessProbe}
   */
  String interval() default "";

  /**
   * Sets after which time an attempt is given up; it has no effect on log lines.
   *
   * @return a number and a unit such as {@code 2s}, from 1 ms to 1 hour; 10 seconds unless set
   */
  String attemptTimeout() default "";
}
