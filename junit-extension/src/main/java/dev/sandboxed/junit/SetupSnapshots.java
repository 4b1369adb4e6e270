package dev.sandboxed.junit;

import dev.sandboxed.Backend;
import dev.sandboxed.MemorySnapshot;
import dev.sandboxed.Mount;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxSpec;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * What the tests of one class start from: a snapshot for each kind of sandbox they want, taken when
 * the class's methods have set it up, and removed with the class. Thread-safe: one sandbox at a
 * time is set up, and who wants the same waits for it.
 */
@SuppressWarnings("deprecation") // Closed also where JUnit is told not to close AutoCloseables.
final class SetupSnapshots implements ExtensionContext.Store.CloseableResource, AutoCloseable {
  private static final Namespace NAMESPACE = Namespace.create(SetupSnapshots.class);
  private static final String REPORT_KEY = "sandbox setup";

  private final Map<Kind, Outcome> byKind = new HashMap<>();
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable RecordingSandbox inSetup;

  /** What one kind of sandbox is created from, and by what. */
  private record Kind(SandboxSpec spec, Optional<Backend> backend) {
    /** Begins the sandbox that is set up: a copy of one that was ready, where that can be. */
    SandboxBuilder booted() {
      var isShared =
          !spec.volumes().isEmpty()
              || spec.mounts().values().stream().anyMatch(m -> m.access() == Mount.Access.WRITABLE);
      var builder = spec.toBuilder();
      backend.ifPresent(builder::backend);
      return spec.readyWhen().isEmpty() || isShared ? builder : builder.snapshotWhenReady();
    }
  }

  /** How the set-up of one kind of sandbox ended. */
  private sealed interface Outcome {
    MemorySnapshot orThrow();
  }

  private record Taken(MemorySnapshot snapshot) implements Outcome {
    @Override
    public MemorySnapshot orThrow() {
      return snapshot;
    }
  }

  private record Failed(String subject, Throwable cause) implements Outcome {
    @Override
    public MemorySnapshot orThrow() {
      throw new SetupFailedException(subject, cause);
    }
  }

  /** Returns those of a class among the context's parents. */
  private static SetupSnapshots of(Class<?> type, ExtensionContext context) {
    var ofClass = OpenSandboxes.contextOf(type, context);
    return ofClass
        .getStore(NAMESPACE)
        .getOrComputeIfAbsent(
            ofClass.getUniqueId(), id -> new SetupSnapshots(), SetupSnapshots.class);
  }

  /**
   * Begins a copy of what the methods of the request's classes set up; they run at the first call.
   *
   * @throws SetupFailedException if one of them failed, now or before
   */
  static SandboxBuilder copy(Request request, ExtensionContext context) {
    var levels = SetupMethods.of(request.homes());
    if (levels.isEmpty()) {
      throw new ExtensionConfigurationException(
          "%s: %s has no method that sets up what its tests start from; write a static one with @SandboxSetup, or use SnapshotMode.READY"
              .formatted(
                  request.settings().describeSnapshot(), Declared.name(request.homes().get(0))));
    }
    if (request.homes().stream().allMatch(type -> Declared.on(type).isEmpty())) {
      throw new ExtensionConfigurationException(
          "%s: put @Sandboxed on %s, too, whose methods with @SandboxSetup are given sandboxes only then"
              .formatted(
                  request.settings().describeSnapshot(), Declared.name(levels.get(0).type())));
    }
    return copy(levels, request.settings(), context);
  }

  private static SandboxBuilder copy(
      List<SetupMethods> levels, Settings settings, ExtensionContext context) {
    var around = levels.subList(0, levels.size() - 1);
    var methods = levels.get(levels.size() - 1);
    return of(methods.type(), context).get(around, methods, settings, context).toBuilder();
  }

  /** Returns the sandbox that the class's methods are setting up. */
  static RecordingSandbox inSetup(String target, ExtensionContext context) {
    return of(context.getRequiredTestClass(), context).inSetup(target);
  }

  private RecordingSandbox inSetup(String target) {
    lock.lock();
    try {
      if (inSetup == null) {
        throw new ExtensionConfigurationException(
            "%s is of a method with @SandboxSetup, which runs once to set up what the tests start from; leave its other annotations out"
                .formatted(target));
      }
      return inSetup;
    } finally {
      lock.unlock();
    }
  }

  private MemorySnapshot get(
      List<SetupMethods> around,
      SetupMethods methods,
      Settings settings,
      ExtensionContext context) {
    try {
      lock.lockInterruptibly();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SandboxException(
          "Interrupted while waiting for the set-up of %s, which another test has begun"
              .formatted(Declared.name(methods.type())),
          e);
    }
    try {
      return getLocked(around, methods, settings, context);
    } finally {
      lock.unlock();
    }
  }

  private MemorySnapshot getLocked(
      List<SetupMethods> around,
      SetupMethods methods,
      Settings settings,
      ExtensionContext context) {
    var spec = settings.spec(OpenSandboxes.contextOf(methods.type(), context));
    var kind = new Kind(spec, settings.backend());
    var outcome = byKind.get(kind);
    if (outcome == null) {
      methods.requireInstance(context);
      var source = around.isEmpty() ? kind.booted() : copy(around, settings, context);
      outcome = setUp(source, methods, settings, context);
      byKind.put(kind, outcome);
    }
    return outcome.orThrow();
  }

  private Outcome setUp(
      SandboxBuilder source, SetupMethods methods, Settings settings, ExtensionContext context) {
    var subject = "set-up of " + Declared.name(methods.type());
    var places = LivePlaces.of(context).shared();
    places.take(Optional.empty());
    try (var sandbox = new RecordingSandbox(source.create(), subject, settings.diagnostics())) {
      inSetup = sandbox;
      return new Taken(setUp(sandbox, methods, settings.readyTimeout(), context));
    } catch (Throwable t) {
      return new Failed(subject, t);
    } finally {
      places.giveBackAll();
      inSetup = null;
    }
  }

  private static MemorySnapshot setUp(
      RecordingSandbox sandbox,
      SetupMethods methods,
      Duration readyTimeout,
      ExtensionContext context) {
    try {
      if (sandbox.spec().readyWhen().isPresent()) {
        sandbox.waitUntilReady(readyTimeout);
      }
      var began = System.nanoTime();
      methods.run(context);
      var done = System.nanoTime();
      var snapshot = sandbox.snapshot();
      var taken = System.nanoTime();
      context.publishReportEntry(
          REPORT_KEY,
          "%s; set up in %,d ms, snapshotted in %,d ms"
              .formatted(sandbox.describeStartup(), millis(began, done), millis(done, taken)));
      return snapshot;
    } catch (Throwable t) {
      SandboxActivity.attach(t, List.of(sandbox), context);
      throw t;
    }
  }

  private static long millis(long from, long to) {
    return Duration.ofNanos(to - from).toMillis();
  }

  /** Removes the snapshots; there are no more tests to start from them. */
  @Override
  public void close() {
    lock.lock();
    try {
      for (var outcome : byKind.values()) {
        if (outcome instanceof Taken taken) {
          taken.snapshot().remove();
        }
      }
      byKind.clear();
    } finally {
      lock.unlock();
    }
  }
}
