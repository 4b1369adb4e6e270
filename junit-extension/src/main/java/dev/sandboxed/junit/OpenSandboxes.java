package dev.sandboxed.junit;

import dev.sandboxed.SandboxNetwork;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/** The sandboxes that live as long as one test or class; its store closes them. Thread-safe. */
@SuppressWarnings("deprecation") // Closed also where JUnit is told not to close AutoCloseables.
final class OpenSandboxes implements ExtensionContext.Store.CloseableResource, AutoCloseable {
  private static final Namespace NAMESPACE = Namespace.create(SandboxExtension.class);

  private final ExtensionContext context;
  private final Map<Object, RecordingSandbox> byKey = new ConcurrentHashMap<>();
  private final List<RecordingSandbox> inOrder = new CopyOnWriteArrayList<>();

  private @Nullable SandboxNetwork network;

  private OpenSandboxes(ExtensionContext context) {
    this.context = context;
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
    var found = context;
    for (var c = context; c != null; c = c.getParent().orElse(null)) {
      if (c.getTestMethod().isEmpty() && c.getTestClass().filter(type::equals).isPresent()) {
        found = c;
      }
    }
    return of(found);
  }

  /** Returns all sandboxes that the context's test can have used. */
  static List<RecordingSandbox> reachableFrom(ExtensionContext context) {
    var found = new ArrayList<RecordingSandbox>();
    for (var c = context; c != null; c = c.getParent().orElse(null)) {
      var open = c.getStore(NAMESPACE).get(c.getUniqueId(), OpenSandboxes.class);
      if (open != null) {
        found.addAll(0, open.inOrder);
      }
    }
    return found;
  }

  /** Returns the sandbox of the request; created at the first call. */
  RecordingSandbox get(Request request) {
    return byKey.computeIfAbsent(request.key(), key -> create(request));
  }

  private RecordingSandbox create(Request request) {
    var builder = request.settings().spec().toBuilder();
    request.settings().join(builder, this::network);
    var sandbox = new RecordingSandbox(builder.create(), request.subject());
    inOrder.add(sandbox);
    return sandbox;
  }

  /** Returns the network of those that want one; created at the first call. */
  private synchronized SandboxNetwork network() {
    if (network == null) {
      network = SandboxNetwork.create();
    }
    return network;
  }

  /** Reports what ran, if the test has failed, and ends the sandboxes. */
  @Override
  public void close() {
    context.getExecutionException().ifPresent(t -> SandboxActivity.attach(t, context));
    var latestFirst = new ArrayList<>(inOrder);
    Collections.reverse(latestFirst);
    latestFirst.forEach(RecordingSandbox::close);
    synchronized (this) {
      if (network != null) {
        network.close();
      }
    }
  }
}
