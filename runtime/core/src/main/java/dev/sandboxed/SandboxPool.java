package dev.sandboxed;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Prepares the next sandboxes while the ones before them are used. Thread-safe.
 *
 * <pre>{@code
 * try (var pool = SandboxPool.open()) {
 *   pool.expect(spec, submissions.size());
 *   for (var submission : submissions) {
 *     try (var sandbox = pool.acquire(spec)) {
 *       judge(submission, sandbox);
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>Each sandbox is handed out once and never comes back: it is as fresh as one that {@link
 * Backend#create} returns, its timeouts count from when it was handed out, and its caller closes
 * it. Of each spec it prepares as many ahead as are in use, one at least, as long as more are
 * {@linkplain #expect expected} and the {@link PoolLimits} leave room.
 *
 * <p>A sandbox that is prepared sees the machine as it is then. So a spec for which that could make
 * a difference is never prepared ahead, and its sandboxes are created when they are acquired:
 * {@link #obstacle} says which and why.
 *
 * <p>What cannot be prepared, or ends before it is used, costs nothing but its time: the next
 * {@link #acquire} creates a sandbox and reports its own error. Sandboxes that wait end with the
 * pool, and with the JVM, however that ends.
 */
public final class SandboxPool implements AutoCloseable {
  private final Backend backend;
  private final PoolLimits limits;
  private final Map<SandboxSpec, PoolShelf> shelves = new LinkedHashMap<>();
  private final Set<PreparedSandbox> ending = new HashSet<>();

  /** Those that are starting for nobody yet. */
  private final List<CompletableFuture<PreparedSandbox>> starting = new ArrayList<>();

  private boolean closed;
  private long prepared;
  private long hits;
  private long late;
  private long misses;
  private long discarded;

  private SandboxPool(Backend backend, PoolLimits limits) {
    this.backend = backend;
    this.limits = limits;
  }

  /**
   * Opens a pool on the default backend, with the limits that suit this machine.
   *
   * @return the pool, which the caller closes
   * @throws BackendUnavailableException if there is no backend
   */
  public static SandboxPool open() {
    return open(Backends.shared(), PoolLimits.ofMachine());
  }

  /**
   * Opens a pool; nothing is prepared yet.
   *
   * @param backend stays open; the caller closes it after the pool
   * @param limits what waiting sandboxes may use
   * @return the pool, which the caller closes
   */
  public static SandboxPool open(Backend backend, PoolLimits limits) {
    return new SandboxPool(
        Objects.requireNonNull(backend, "backend"), Objects.requireNonNull(limits, "limits"));
  }

  /**
   * Says why sandboxes of a spec are not prepared ahead.
   *
   * @param spec the spec
   * @return a reason for people, such as that the spec mounts files of the host; empty if they are
   */
  public static Optional<String> obstacle(SandboxSpec spec) {
    return PoolChecks.obstacle(spec);
  }

  /**
   * Says how many sandboxes of a spec will be acquired from now on; what was said before is
   * forgotten, and {@link #acquire} counts down. More than that are not prepared, and those that
   * are too many are ended.
   *
   * @param spec the spec
   * @param count how many; zero if no more are needed
   * @throws InvalidSpecException if the count is negative
   */
  public void expect(SandboxSpec spec, int count) {
    if (count < 0) {
      throw new InvalidSpecException(
          "%d sandboxes are expected; it must be 0 or more".formatted(count));
    }
    if (obstacle(spec).isPresent()) {
      return;
    }
    synchronized (this) {
      if (closed || (count == 0 && !shelves.containsKey(spec))) {
        return;
      }
      var shelf = shelves.computeIfAbsent(spec, PoolShelf::new);
      shelf.expected = count;
      shelf.disappointing = false;
    }
    takeSurplus(spec).forEach(this::giveUp);
    refill();
  }

  /**
   * Hands out a sandbox: one that waits, or else one that is starting, or else a new one.
   *
   * @param spec what it is created from
   * @return the running sandbox, which the caller closes
   * @throws SandboxException as {@link Backend#create} does, or if the pool is closed
   */
  public Sandbox acquire(SandboxSpec spec) {
    if (obstacle(spec).isPresent()) {
      count(spec, Outcome.MISS);
      return backend.create(spec);
    }
    var sandbox = take(spec);
    changeUse(spec, 1);
    sandbox.onExit().whenComplete((status, failure) -> changeUse(spec, -1));
    refill();
    return sandbox;
  }

  /**
   * Returns what the pool has done so far.
   *
   * @return a snapshot
   */
  public synchronized PoolStatistics statistics() {
    return new PoolStatistics(prepared, hits, late, misses, discarded);
  }

  /**
   * Ends the sandboxes that wait and waits for their end; those that are starting are given up, and
   * end on their own. Those that were handed out go on. A second call does nothing.
   */
  @Override
  public void close() {
    List<CompletableFuture<PreparedSandbox>> unused = new ArrayList<>();
    synchronized (this) {
      closed = true;
      shelves.values().forEach(shelf -> unused.addAll(shelf.takeAll()));
      shelves.clear();
    }
    unused.forEach(this::giveUp);
    List<PreparedSandbox> last;
    synchronized (this) {
      last = List.copyOf(ending);
    }
    last.forEach(PreparedSandbox::close);
  }

  private Sandbox take(SandboxSpec spec) {
    for (var next = first(spec); next.isPresent(); next = another(spec)) {
      var wasReady = next.get().isDone();
      if (!wasReady) {
        // Uses follow each other faster than starts: the one after this need not wait for its turn.
        refill();
      }
      var taken = await(next.get());
      if (taken.isEmpty()) {
        break;
      }
      try {
        var sandbox = taken.get().begin();
        count(spec, wasReady ? Outcome.HIT : Outcome.LATE);
        return sandbox;
      } catch (SandboxException e) {
        // It has ended, just now or while it waited. Another may be there.
        discard(taken.get());
      }
    }
    count(spec, Outcome.MISS);
    return backend.create(spec);
  }

  /** Takes one off its shelf, of which one less is expected now. */
  private synchronized Optional<CompletableFuture<PreparedSandbox>> first(SandboxSpec spec) {
    var shelf = shelves.get(spec);
    if (shelf != null) {
      shelf.expected = Math.max(0, shelf.expected - 1);
    }
    return another(spec);
  }

  private synchronized Optional<CompletableFuture<PreparedSandbox>> another(SandboxSpec spec) {
    if (closed) {
      throw new SandboxException("The pool is closed; open another with SandboxPool.open()");
    }
    var taken = Optional.ofNullable(shelves.get(spec)).flatMap(PoolShelf::take);
    taken.ifPresent(t -> starting.removeIf(s -> s == t));
    return taken;
  }

  /** Waits for one that is starting; empty if that fails, which a new one will explain better. */
  private Optional<PreparedSandbox> await(CompletableFuture<PreparedSandbox> coming) {
    try {
      return Optional.of(coming.get());
    } catch (ExecutionException | CancellationException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      giveUp(coming);
      Thread.currentThread().interrupt();
      throw new SandboxException(
          "Interrupted while waiting for the start of the sandbox, which was stopped", e);
    }
  }

  private synchronized void count(SandboxSpec spec, Outcome outcome) {
    switch (outcome) {
      case HIT -> hits++;
      case LATE -> late++;
      case MISS -> misses++;
    }
    var shelf = shelves.get(spec);
    if (shelf != null) {
      shelf.disappointing = false;
    }
  }

  private void changeUse(SandboxSpec spec, int change) {
    synchronized (this) {
      if (closed) {
        return;
      }
      shelves.computeIfAbsent(spec, PoolShelf::new).inUse += change;
    }
    takeSurplus(spec).forEach(this::giveUp);
  }

  /** Takes away what nobody expects any more, and the shelf if that was all. */
  private synchronized List<CompletableFuture<PreparedSandbox>> takeSurplus(SandboxSpec spec) {
    var shelf = shelves.get(spec);
    if (shelf == null) {
      return List.of();
    }
    var surplus = shelf.takeSurplus();
    if (shelf.isDone()) {
      shelves.remove(spec);
    }
    return surplus;
  }

  /** Ends one that waits or is starting. */
  private void giveUp(CompletableFuture<PreparedSandbox> unused) {
    unused.cancel(true);
    // Cancelling one that has started already changes nothing.
    unused.thenAccept(this::discard);
  }

  private void discard(PreparedSandbox sandbox) {
    synchronized (this) {
      discarded++;
      ending.add(sandbox);
    }
    sandbox
        .terminate()
        .whenComplete(
            (status, failure) -> {
              synchronized (this) {
                ending.remove(sandbox);
              }
            });
  }

  /** Starts what is missing, as far as there is room. */
  private void refill() {
    for (var next = startNext(); next.isPresent(); next = startNext()) {
      var start = next.get();
      start.coming().whenComplete((sandbox, failure) -> started(start, sandbox));
    }
  }

  private synchronized Optional<Start> startNext() {
    var inside = shelves.values().stream().mapToInt(PoolShelf::size).sum();
    if (closed || starting.size() >= limits.starting() || inside >= limits.sandboxes()) {
      return Optional.empty();
    }
    var room =
        limits.memory().bytes() - shelves.values().stream().mapToLong(PoolShelf::memory).sum();
    return shelves.values().stream()
        .filter(PoolShelf::needsMore)
        .filter(shelf -> PoolChecks.memory(shelf.spec()).bytes() <= room)
        .findFirst()
        .map(this::start);
  }

  private Start start(PoolShelf shelf) {
    CompletableFuture<PreparedSandbox> coming;
    try {
      coming = backend.prepareAsync(shelf.spec());
    } catch (RuntimeException e) {
      coming = CompletableFuture.failedFuture(e);
    }
    starting.add(coming);
    shelf.add(coming);
    return new Start(shelf, coming);
  }

  private void started(Start start, @Nullable PreparedSandbox sandbox) {
    synchronized (this) {
      starting.removeIf(s -> s == start.coming());
      if (sandbox == null) {
        start.shelf().drop(start.coming());
      } else {
        prepared++;
      }
    }
    if (sandbox != null) {
      sandbox.onExit().whenComplete((status, failure) -> ended(start));
    }
    refill();
  }

  /** Notes that one has ended by itself, if it was still waiting. */
  private synchronized void ended(Start start) {
    if (start.shelf().drop(start.coming())) {
      discarded++;
    }
  }

  private enum Outcome {
    HIT,
    LATE,
    MISS
  }

  /** One that is starting, or has started. */
  private record Start(PoolShelf shelf, CompletableFuture<PreparedSandbox> coming) {}
}
