package dev.sandboxed.junit;

import dev.sandboxed.Backend;
import dev.sandboxed.SandboxNetwork;
import dev.sandboxed.SandboxSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.StoreScope;

/**
 * The sandboxes that classes share, of one execution of the engine or one session of the launcher;
 * its store closes them. Thread-safe.
 */
@SuppressWarnings("deprecation") // Closed also where JUnit is told not to close AutoCloseables.
final class SharedSandboxes implements ExtensionContext.Store.CloseableResource, AutoCloseable {
  private static final Namespace NAMESPACE = Namespace.create(SharedSandboxes.class);

  private final StartedSandboxes byKey = new StartedSandboxes();
  private final List<RecordingSandbox> inOrder = new CopyOnWriteArrayList<>();
  private final Map<Object, SandboxNetwork> networks = new HashMap<>();
  private final LivePlaces.Holder places;

  private SharedSandboxes(ExtensionContext context) {
    places = LivePlaces.of(context).shared();
  }

  /**
   * What makes two requests mean the same sandbox.
   *
   * @param family what they have in common besides
   * @param spec what it is created from
   * @param backend what creates it, if that is said
   * @param joinAs its name among those of the family
   */
  private record Key(
      Object family, SandboxSpec spec, Optional<Backend> backend, Optional<String> joinAs) {}

  /** Returns those that live as long as the scope says. */
  static SharedSandboxes of(SandboxScope scope, ExtensionContext context) {
    var store =
        scope == SandboxScope.SESSION
            ? context.getStore(StoreScope.LAUNCHER_SESSION, NAMESPACE)
            : context.getRoot().getStore(NAMESPACE);
    return store.getOrComputeIfAbsent(
        // The store of the engine looks into that of the session.
        scope == SandboxScope.SESSION ? scope : SandboxScope.EXECUTION,
        s -> new SharedSandboxes(context),
        SharedSandboxes.class);
  }

  /** Returns the sandbox of the request; created at the first call, and when it has ended. */
  RecordingSandbox get(Request request, ExtensionContext context) {
    var settings = request.settings();
    if (settings.isSetUp()) {
      throw new ExtensionConfigurationException(
          "%s cannot work with the scope %s, because the sandbox belongs to no class that could set it up; use SandboxScope.CLASS or METHOD, or SnapshotMode.READY"
              .formatted(settings.describeSnapshot(), request.scope()));
    }
    var family = request.scope() == SandboxScope.HIERARCHY ? request.key() : request.scope();
    var key = new Key(family, spec(settings, context), settings.backend(), settings.joinAs());
    while (true) {
      var found = byKey.get(key, () -> create(request, key, context));
      if (found.poll().isEmpty()) {
        return found;
      }
      byKey.remove(found);
      found.close();
      if (inOrder.remove(found)) {
        places.giveBack();
      }
    }
  }

  private static SandboxSpec spec(Settings settings, ExtensionContext context) {
    var spec = settings.spec(context);
    return settings.hasTimeout() ? spec : spec.toBuilder().timeout(SandboxSpec.MAX_TIMEOUT).build();
  }

  private RecordingSandbox create(Request request, Key key, ExtensionContext context) {
    var builder = key.spec().toBuilder();
    key.backend().ifPresent(builder::backend);
    request.settings().join(builder, () -> network(request, key.backend()));
    places.take(Optional.empty());
    try {
      var sandbox = OpenSandboxes.start(builder::create, request, context);
      inOrder.add(sandbox);
      return sandbox;
    } catch (Throwable t) {
      places.giveBack();
      throw t;
    }
  }

  /** Returns the network of those that want one together; created at the first call. */
  private synchronized SandboxNetwork network(Request request, Optional<Backend> backend) {
    var family = request.scope() == SandboxScope.HIERARCHY ? request.owner() : request.scope();
    return networks.computeIfAbsent(
        List.of(family, backend),
        members -> backend.map(Backend::createNetwork).orElseGet(SandboxNetwork::create));
  }

  @Override
  public void close() {
    var latestFirst = new ArrayList<>(inOrder);
    Collections.reverse(latestFirst);
    latestFirst.forEach(RecordingSandbox::close);
    places.giveBackAll();
    synchronized (this) {
      networks.values().forEach(SandboxNetwork::close);
    }
  }
}
