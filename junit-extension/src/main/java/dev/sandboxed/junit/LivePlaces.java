package dev.sandboxed.junit;

import dev.sandboxed.SandboxException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.StoreScope;

/**
 * Counts the sandboxes that live at the same time in one session of the launcher, and makes tests
 * wait for each other where their number is bounded. Thread-safe.
 *
 * <p>Only a test that has no sandbox waits, in the order of arrival. One that has any is never held
 * up for a further one, and what classes share is started at once: who waited for a place while
 * holding one could wait for ever. For the same reason somebody who waits is let in if there is no
 * test whose end would make room.
 */
final class LivePlaces {
  private static final Namespace NAMESPACE = Namespace.create(LivePlaces.class);

  private final Deque<Holder> waiting = new ArrayDeque<>();
  private final Set<Holder> tests = new HashSet<>();
  private int taken;

  static LivePlaces of(ExtensionContext context) {
    return context
        .getStore(StoreScope.LAUNCHER_SESSION, NAMESPACE)
        .getOrComputeIfAbsent(LivePlaces.class, c -> new LivePlaces(), LivePlaces.class);
  }

  /** Returns how many places are left of some; not negative. */
  synchronized int left(int limit) {
    return Math.max(0, limit - taken);
  }

  /** Who holds places: a test, or what several tests share. Thread-safe. */
  final class Holder {
    private final boolean isTest;
    private @Nullable Thread thread;
    private int held;

    private Holder(boolean isTest) {
      this.isTest = isTest;
    }

    /**
     * Takes a place; a test waits for its first if there is a limit.
     *
     * @throws SandboxException if the thread is interrupted meanwhile
     */
    void take(Optional<Integer> limit) {
      synchronized (LivePlaces.this) {
        if (isTest && held == 0) {
          limit.ifPresent(this::await);
          thread = Thread.currentThread();
          tests.add(this);
        }
        held++;
        taken++;
      }
    }

    /** Gives a place back. */
    void giveBack() {
      giveBack(1);
    }

    /** Gives all places back. */
    void giveBackAll() {
      synchronized (LivePlaces.this) {
        giveBack(held);
      }
    }

    private void giveBack(int count) {
      synchronized (LivePlaces.this) {
        held -= count;
        taken -= count;
        if (held == 0) {
          tests.remove(this);
        }
        LivePlaces.this.notifyAll();
      }
    }

    private void await(int limit) {
      // JUnit may run a test on the stack of one that waits for tasks of its own.
      if (tests.stream().anyMatch(t -> t.thread == Thread.currentThread())) {
        return;
      }
      waiting.addLast(this);
      try {
        while (waiting.peekFirst() != this || (taken >= limit && !tests.isEmpty())) {
          LivePlaces.this.wait();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new SandboxException(
            "Interrupted while waiting until fewer than %,d sandboxes live, which is the bound that %s sets"
                .formatted(limit, Sandboxed.MAX_LIVE_PROPERTY_NAME),
            e);
      } finally {
        waiting.remove(this);
        LivePlaces.this.notifyAll();
      }
    }
  }

  /** Returns a holder for one test. */
  Holder test() {
    return new Holder(true);
  }

  /** Returns a holder for what several tests share, which never waits. */
  Holder shared() {
    return new Holder(false);
  }
}
