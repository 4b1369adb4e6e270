package dev.sandboxed.core.registry;

import java.io.IOException;
import java.io.Serial;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An image that cannot be had from its registry; the message says what to do. */
public final class RegistryException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  /** What kind of failure it is. */
  public enum Kind {
    /** The registry did not answer, broke off or is overloaded; it may work later. */
    UNREACHABLE,
    /** The registry has no such thing. */
    NOT_FOUND,
    /** The registry wants other credentials. */
    REFUSED,
    /** What the registry sent is not what it should be, or cannot be used. */
    INVALID
  }

  private final Kind kind;

  /** Whether the same request may soon do better. */
  private final boolean passing;

  /** When, in seconds, if the registry has said so; else negative. */
  private final long seconds;

  private RegistryException(
      Kind kind, String message, @Nullable Throwable cause, boolean passing, long seconds) {
    super(message, cause);
    this.kind = kind;
    this.passing = passing;
    this.seconds = seconds;
  }

  RegistryException(Kind kind, String message) {
    this(kind, message, null, false, -1);
  }

  RegistryException(Kind kind, String message, Throwable cause) {
    this(kind, message, cause, false, -1);
  }

  static RegistryException invalid(String message) {
    return new RegistryException(Kind.INVALID, message);
  }

  /** Returns a failure that may pass when the request is sent again. */
  static RegistryException passing(String message, Throwable cause) {
    return new RegistryException(Kind.UNREACHABLE, message, cause, true, -1);
  }

  /** Returns the failure of a registry that asks to come back, perhaps saying when. */
  static RegistryException busy(String message, Optional<Duration> after) {
    return new RegistryException(
        Kind.UNREACHABLE, message, null, true, after.map(Duration::toSeconds).orElse(-1L));
  }

  /** Returns the kind of failure. */
  public Kind kind() {
    return kind;
  }

  boolean isPassing() {
    return passing;
  }

  Optional<Duration> after() {
    return seconds < 0 ? Optional.empty() : Optional.of(Duration.ofSeconds(seconds));
  }
}
