package dev.sandboxed.assertj;

import dev.sandboxed.ExitStatus;
import dev.sandboxed.SecretMask;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Assertions on what runs and ends.
 *
 * @param <SELF> the type of the assertions
 * @param <ACTUAL> what they are on
 */
public abstract class AbstractRunAssert<SELF extends AbstractRunAssert<SELF, ACTUAL>, ACTUAL>
    extends AbstractExitAssert<SELF, ACTUAL> {

  AbstractRunAssert(@Nullable ACTUAL actual, Class<?> selfType, SecretMask mask) {
    super(actual, selfType, mask);
  }

  /** Returns what completes when it has ended. */
  abstract CompletableFuture<ExitStatus> onExit();

  /**
   * Verifies that it runs.
   *
   * @return these assertions
   */
  public SELF isRunning() {
    isNotNull();
    status().ifPresent(s -> fail("run", "ended with " + s));
    return myself;
  }

  /**
   * Verifies that it has ended, however.
   *
   * @return these assertions
   */
  public SELF hasEnded() {
    isNotNull();
    if (status().isEmpty()) {
      fail("have ended", "is still running");
    }
    return myself;
  }

  /**
   * Verifies that it ends in time, however; it waits for that.
   *
   * <pre>{@code
   * assertThat(process).endsWithin(Duration.ofSeconds(10)).succeeded();
   * }</pre>
   *
   * @param limit how long to wait
   * @return these assertions
   */
  public SELF endsWithin(Duration limit) {
    isNotNull();
    if (!isOver(limit)) {
      fail("end within " + limit, "is still running");
    }
    return myself;
  }

  private boolean isOver(Duration limit) {
    var exit = onExit();
    try {
      exit.get(limit.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (ExecutionException e) {
      // It is over because its sandbox is; the status says so.
      return status().isPresent();
    } finally {
      exit.cancel(false);
    }
  }

  /** Describes how it is right now. */
  static String state(Optional<ExitStatus> status) {
    return status.map(s -> "ended: " + s).orElse("running");
  }
}
