package dev.sandboxed.junit;

import dev.sandboxed.Backend;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxNetwork;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/** The sandboxes that live as long as one test or class; its store closes them. Thread-safe. */
@SuppressWarnings("deprecation") // Closed also where JUnit is told not to close AutoCloseables.
final class OpenSandboxes implements ExtensionContext.Store.CloseableResource, AutoCloseable {
  private static final Namespace NAMESPACE = Namespace.create(SandboxExtension.class);

  private static final String STARTUP_KEY = "sandbox startup";

  private final ExtensionContext context;
  private final StartedSandboxes byKey = new StartedSandboxes();
  private final List<RecordingSandbox> inOrder = new CopyOnWriteArrayList<>();
  private final List<RecordingSandbox> lent = new CopyOnWriteArrayList<>();
  private final List<Throwable> suppressed = new CopyOnWriteArrayList<>();
  private final LivePlaces.Holder places;

  private final Map<Optional<Backend>, SandboxNetwork> networks = new ConcurrentHashMap<>();

  private OpenSandboxes(ExtensionContext context) {
    this.context = context;
    var all = LivePlaces.of(context);
    places = context.getTestMethod().isPresent() ? all.test() : all.shared();
  }

  /** Returns those of the context itself; made at the first call. */
  static OpenSandboxes of(ExtensionContext context) {
    // Stores look into those of their parents, so the key says whose it is.
    return context
        .getStore(NAMESPACE)
        .getOrComputeIfAbsent(
            context.getUniqueId(), id -> new OpenSandboxes(context), OpenSandboxes.class);
  }

  /** Returns those of a class among the context's parents. */
  static OpenSandboxes ofClass(Class<?> type, ExtensionContext context) {
    return of(contextOf(type, context));
  }

  /**
   * Returns the outermost of the context and its parents that is of a class, up to a round of it.
   */
  static ExtensionContext contextOf(Class<?> type, ExtensionContext context) {
    var found = context;
    for (var c = context; c != null; c = c.getParent().orElse(null)) {
      if (c.getTestMethod().isEmpty() && c.getTestClass().filter(type::equals).isPresent()) {
        found = c;
        if (RoundBackend.isRound(c)) {
          break;
        }
      }
    }
    return found;
  }

  /** Returns all sandboxes that the context's test can have used. */
  static List<RecordingSandbox> reachableFrom(ExtensionContext context) {
    var found = new ArrayList<RecordingSandbox>();
    for (var c = context; c != null; c = c.getParent().orElse(null)) {
      var open = c.getStore(NAMESPACE).get(c.getUniqueId(), OpenSandboxes.class);
      if (open != null) {
        found.addAll(0, open.inOrder);
        found.addAll(0, open.lent);
      }
    }
    return found.stream().distinct().toList();
  }

  /** Returns a sandbox that outlives the context and was created at the first such call. */
  static RecordingSandbox lent(Request request, ExtensionContext context) {
    var sandbox = SharedSandboxes.of(request.scope(), context).get(request, context);
    var open = of(context);
    if (!open.lent.contains(sandbox)) {
      open.lent.add(sandbox);
    }
    return sandbox;
  }

  /** Adds something to the failure of the context's test, if it fails. */
  void suppressLater(Throwable addition) {
    suppressed.add(addition);
  }

  /** Returns the sandbox of the request; created at the first call. */
  RecordingSandbox get(Request request) {
    return byKey.get(request.key(), () -> createInPlace(request));
  }

  private RecordingSandbox createInPlace(Request request) {
    places.take(Settings.maxLive(context::getConfigurationParameter));
    try {
      return create(request);
    } catch (Throwable t) {
      places.giveBack();
      throw t;
    } finally {
      WarmPool.updateIn(context);
    }
  }

  private RecordingSandbox create(Request request) {
    var builder =
        request.settings().isSetUp()
            ? SetupSnapshots.copy(request, context)
            : request.settings().spec(context).toBuilder();
    var backend = request.settings().backend();
    backend.ifPresent(builder::backend);
    request.settings().join(builder, () -> network(backend));
    var isOfTest = request.scope() == SandboxScope.METHOD && context.getTestMethod().isPresent();
    var sandbox =
        start(
            () ->
                isOfTest && request.settings().pool()
                    ? WarmPool.acquire(builder.build(), backend, request, context)
                    : builder.create(),
            request,
            context);
    inOrder.add(sandbox);
    return sandbox;
  }

  /**
   * Starts a sandbox, and waits until it is of use, or ends it: the next that asks gets another.
   */
  static RecordingSandbox start(
      Supplier<Sandbox> creation, Request request, ExtensionContext context) {
    // Settings that make no sense are told before anything starts.
    var readyTimeout = request.settings().readyTimeout();
    var diagnostics = request.settings().diagnostics();
    var sandbox = new RecordingSandbox(creation.get(), request.subject(), diagnostics);
    if (sandbox.spec().readyWhen().isPresent()) {
      awaitReady(sandbox, readyTimeout, context);
    }
    return sandbox;
  }

  private static void awaitReady(
      RecordingSandbox sandbox, Duration limit, ExtensionContext context) {
    try {
      sandbox.waitUntilReady(limit);
    } catch (RuntimeException e) {
      SandboxActivity.attach(e, List.of(sandbox), context);
      sandbox.close();
      throw e;
    }
    context.publishReportEntry(STARTUP_KEY, sandbox.describeStartup());
  }

  /** Returns the network of those of a backend that want one; created at the first call. */
  private SandboxNetwork network(Optional<Backend> backend) {
    return networks.computeIfAbsent(
        backend, b -> b.map(Backend::createNetwork).orElseGet(SandboxNetwork::create));
  }

  /** Reports what ran, if the test has failed, and ends the sandboxes. */
  @Override
  public void close() {
    context
        .getExecutionException()
        .ifPresent(
            t -> {
              suppressed.forEach(t::addSuppressed);
              SandboxActivity.attach(t, context);
            });
    var latestFirst = new ArrayList<>(inOrder);
    Collections.reverse(latestFirst);
    latestFirst.forEach(RecordingSandbox::close);
    places.giveBackAll();
    WarmPool.updateIn(context);
    networks.values().forEach(SandboxNetwork::close);
  }
}
