package dev.sandboxed.junit;

import dev.sandboxed.Backend;
import dev.sandboxed.PoolLimits;
import dev.sandboxed.PoolStatistics;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxPool;
import dev.sandboxed.SandboxSpec;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * Has the sandboxes of the next tests prepared while the current ones run; the store of the engine
 * closes it after the last one. Thread-safe.
 */
@SuppressWarnings("deprecation") // Closed also where JUnit is told not to close AutoCloseables.
final class WarmPool implements ExtensionContext.Store.CloseableResource, AutoCloseable {
  private static final Namespace NAMESPACE = Namespace.create(WarmPool.class);
  private static final String REPORT_KEY = "sandbox pool";

  private final ExtensionContext root;
  private final Map<Optional<Backend>, SandboxPool> pools = new ConcurrentHashMap<>();
  private final Map<Asker, Demand> demands = new LinkedHashMap<>();
  private final Map<Kind, Integer> told = new HashMap<>();
  private final LivePlaces places;
  private final Optional<Integer> maxLive;

  /**
   * Who asks for sandboxes that are alike.
   *
   * @param tests of which class
   * @param key what the sandbox is kept under in each test
   * @param method the only one that asks, if it is declared there
   */
  private record Asker(TestsAhead tests, Object key, Optional<Method> method) {}

  /** What sandboxes that are alike are created from, and by what, if that is said. */
  private record Kind(SandboxSpec spec, Optional<Backend> backend) {}

  /** How many more will be asked for. */
  private record Demand(Kind kind, int count) {}

  private WarmPool(ExtensionContext root) {
    this.root = root;
    places = LivePlaces.of(root);
    maxLive = Settings.maxLive(root::getConfigurationParameter);
  }

  static WarmPool of(ExtensionContext context) {
    var root = context.getRoot();
    return root.getStore(NAMESPACE)
        .getOrComputeIfAbsent(WarmPool.class, c -> new WarmPool(root), WarmPool.class);
  }

  /** Returns a sandbox for the test, and has others prepared for those that follow. */
  static Sandbox acquire(
      SandboxSpec spec, Optional<Backend> backend, Request request, ExtensionContext test) {
    var tests = TestsAhead.of(test);
    var count = tests.begin(request, test);
    var sandbox = tests.pool().pool(backend).acquire(spec);
    var method = test.getTestMethod().filter(m -> !Declared.on(m, "").isEmpty());
    tests
        .pool()
        .expect(
            new Asker(tests, request.key(), method), new Demand(new Kind(spec, backend), count));
    return sandbox;
  }

  private SandboxPool pool(Optional<Backend> backend) {
    return pools.computeIfAbsent(
        backend,
        b ->
            b.map(named -> SandboxPool.open(named, PoolLimits.ofMachine()))
                .orElseGet(SandboxPool::open));
  }

  private synchronized void expect(Asker asker, Demand demand) {
    var before = demands.get(asker);
    if (before == null || before.kind().equals(demand.kind())) {
      demands.put(asker, demand);
    } else {
      // A spec that changes from test to test cannot be foreseen.
      demands.put(asker, new Demand(demand.kind(), 0));
      update(before.kind());
    }
    update(demand.kind());
  }

  /** Forgets what the tests of a class were to ask for. */
  synchronized void forget(TestsAhead tests) {
    var asked = demands.entrySet().stream().filter(d -> d.getKey().tests() == tests).toList();
    asked.forEach(d -> demands.remove(d.getKey()));
    asked.forEach(d -> update(d.getValue().kind()));
  }

  /** Has as much prepared as there are places for, if there is a pool and a bound. */
  static void updateIn(ExtensionContext context) {
    var pool = context.getRoot().getStore(NAMESPACE).get(WarmPool.class, WarmPool.class);
    if (pool != null && pool.maxLive.isPresent()) {
      pool.update();
    }
  }

  private synchronized void update() {
    demands.values().stream()
        .map(Demand::kind)
        .distinct()
        .filter(kind -> told.getOrDefault(kind, 0) != countInBounds(kind))
        .toList()
        .forEach(this::update);
  }

  private void update(Kind kind) {
    var count = countInBounds(kind);
    if (count == 0) {
      told.remove(kind);
    } else {
      told.put(kind, count);
    }
    pool(kind.backend()).expect(kind.spec(), count);
  }

  /** Returns how many are asked for, but no more than there are places left by those before. */
  private int countInBounds(Kind kind) {
    var count = count(kind);
    if (maxLive.isEmpty()) {
      return count;
    }
    var before =
        demands.values().stream()
            .map(Demand::kind)
            .distinct()
            .takeWhile(k -> !k.equals(kind))
            .mapToInt(this::count)
            .sum();
    return Math.min(count, Math.max(0, places.left(maxLive.get()) - before));
  }

  private int count(Kind kind) {
    return demands.values().stream()
        .filter(d -> d.kind().equals(kind))
        .mapToInt(Demand::count)
        .sum();
  }

  @Override
  public void close() {
    for (var pool : pools.values()) {
      pool.close();
      var statistics = pool.statistics();
      if (statistics.prepared() > 0) {
        root.publishReportEntry(REPORT_KEY, describe(statistics));
      }
    }
  }

  private static String describe(PoolStatistics found) {
    return "%,d prepared ahead, %,d discarded; asked for %,d times: %,d hits, %,d late, %,d misses; hit rate %.0f %%"
        .formatted(
            found.prepared(),
            found.discarded(),
            found.acquired(),
            found.hits(),
            found.late(),
            found.misses(),
            found.hitRate() * 100);
  }
}
