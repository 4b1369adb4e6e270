package dev.sandboxed;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** What a pool has of one spec. Guarded by the pool. */
final class PoolShelf {
  private final SandboxSpec spec;
  private final Deque<CompletableFuture<PreparedSandbox>> sandboxes = new ArrayDeque<>();

  /** How many will be acquired. */
  int expected;

  /** How many were handed out and have not ended. */
  int inUse;

  /** Whether one failed or ended before its use: another is only tried after the next use. */
  boolean disappointing;

  PoolShelf(SandboxSpec spec) {
    this.spec = spec;
  }

  SandboxSpec spec() {
    return spec;
  }

  /** Returns how many wait or are starting. */
  int size() {
    return sandboxes.size();
  }

  /** Returns what these may need, in bytes. */
  long memory() {
    return size() * PoolChecks.memory(spec).bytes();
  }

  /** As many ahead as are used at once: one for tests that run one after the other. */
  boolean needsMore() {
    return !disappointing && size() < Math.min(expected, Math.max(1, inUse));
  }

  boolean isDone() {
    return expected == 0 && inUse == 0 && sandboxes.isEmpty();
  }

  void add(CompletableFuture<PreparedSandbox> coming) {
    sandboxes.addLast(coming);
  }

  /** Takes one for its use, if there is one: one that has started before one that is starting. */
  Optional<CompletableFuture<PreparedSandbox>> take() {
    var taken =
        sandboxes.stream()
            .filter(CompletableFuture::isDone)
            .findFirst()
            .or(sandboxes.stream()::findFirst);
    taken.ifPresent(t -> sandboxes.removeIf(s -> s == t));
    return taken;
  }

  /** Takes those that are more than what is expected, the latest first. */
  List<CompletableFuture<PreparedSandbox>> takeSurplus() {
    var surplus = new ArrayList<CompletableFuture<PreparedSandbox>>();
    while (size() > expected) {
      surplus.add(sandboxes.removeLast());
    }
    return surplus;
  }

  List<CompletableFuture<PreparedSandbox>> takeAll() {
    var all = List.copyOf(sandboxes);
    sandboxes.clear();
    return all;
  }

  /** Forgets one that failed or has ended; false if it was taken before. */
  boolean drop(CompletableFuture<PreparedSandbox> useless) {
    var waited = sandboxes.removeIf(s -> s == useless);
    disappointing |= waited;
    return waited;
  }
}
