package dev.sandboxed.assertj;

import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.SecretMask;
import dev.sandboxed.Signal;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.assertj.core.api.AbstractAssert;
import org.assertj.core.api.AbstractStringAssert;
import org.jspecify.annotations.Nullable;

/**
 * Assertions on how something ended.
 *
 * @param <SELF> the type of the assertions
 * @param <ACTUAL> what they are on
 */
public abstract class AbstractExitAssert<SELF extends AbstractExitAssert<SELF, ACTUAL>, ACTUAL>
    extends AbstractAssert<SELF, ACTUAL> {
  private static final int SIGNALED = 128;

  final SafeRepresentation representation;

  /** Replaced where failures are gathered. */
  Navigation navigation = Navigation.HARD;

  AbstractExitAssert(@Nullable ACTUAL actual, Class<?> selfType, SecretMask mask) {
    super(actual, selfType);
    representation = new SafeRepresentation(mask);
    info.useRepresentation(representation);
  }

  /** Returns how it ended, if it has. */
  abstract Optional<ExitStatus> status();

  /** Returns what it is, in one word. */
  abstract String noun();

  /** Returns everything that helps to understand it. */
  abstract String everything();

  /**
   * Verifies that it ended by itself, with the exit code 0.
   *
   * @return these assertions
   */
  public SELF succeeded() {
    return ended("succeed", ExitStatus::isSuccess);
  }

  /**
   * Verifies that it ended, and did not succeed: with another exit code, by a signal or for any
   * other reason.
   *
   * @return these assertions
   */
  public SELF failed() {
    return ended("fail", status -> !status.isSuccess());
  }

  /**
   * Verifies that it ended by itself, with an exit code.
   *
   * @param code the expected code
   * @return these assertions
   */
  public SELF exitedWith(int code) {
    return ended(
        "end with exit code " + code,
        status -> status.reason() == ExitReason.EXITED && status.code() == code);
  }

  /**
   * Verifies that a signal ended it.
   *
   * @param signal the expected signal
   * @return these assertions
   */
  public SELF wasSignaled(Signal signal) {
    return ended(
        "be ended by signal " + signal.number(),
        status ->
            status.reason() == ExitReason.SIGNALED && status.code() == SIGNALED + signal.number());
  }

  /**
   * Verifies that it ran into its timeout.
   *
   * @return these assertions
   */
  public SELF timedOut() {
    return endedBy(ExitReason.TIMEOUT);
  }

  /**
   * Verifies why it ended, whatever the code.
   *
   * @param reason the expected reason
   * @return these assertions
   */
  public SELF endedBy(ExitReason reason) {
    return ended("end by " + reason, status -> status.reason() == reason);
  }

  /**
   * Verifies how it ended, code and reason.
   *
   * @param expected the expected status
   * @return these assertions
   */
  public SELF hasExitStatus(ExitStatus expected) {
    return ended("end with " + expected, Objects.requireNonNull(expected, "expected")::equals);
  }

  private SELF ended(String expectation, Predicate<ExitStatus> predicate) {
    isNotNull();
    var status = status();
    if (status.filter(predicate).isEmpty()) {
      fail(expectation, status.map(s -> "ended with " + s).orElse("is still running"));
    }
    return myself;
  }

  /** Goes on with a text; a failure says whose it is. */
  final AbstractStringAssert<?> text(String text, Supplier<String> owner) {
    var described = descriptionText();
    return navigation
        .text(text)
        .withRepresentation(representation)
        .as(() -> (described.isEmpty() ? "" : described + ": ") + owner.get());
  }

  /** Fails, and shows everything. */
  final void fail(String expectation, String found) {
    failWithMessage(
        "%nExpecting the %s to %s, but it %s:%n%s", noun(), expectation, found, everything());
  }
}
