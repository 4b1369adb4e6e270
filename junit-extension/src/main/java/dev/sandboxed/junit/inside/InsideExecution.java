package dev.sandboxed.junit.inside;

import dev.sandboxed.junit.SandboxScope;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.platform.commons.JUnitException;
import org.junit.platform.engine.EngineExecutionListener;
import org.junit.platform.engine.ExecutionRequest;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;

/**
 * One run of the engine: class by class, of each class several units at a time, each in its own
 * sandbox.
 */
final class InsideExecution implements AutoCloseable {
  private final TestDescriptor root;
  private final EngineExecutionListener listener;
  private final InsideTests tests;
  private final InsideOptions options;
  private final BodySpecs specs;
  private final ExecutorService workers;

  InsideExecution(ExecutionRequest request) {
    var configuration = request.getConfigurationParameters();
    root = request.getRootTestDescriptor();
    listener = new SerialListener(request.getEngineExecutionListener());
    tests = new InsideTests(configuration::get);
    options = InsideOptions.of(configuration);
    specs = new BodySpecs(options);
    workers =
        Executors.newFixedThreadPool(
            options.parallelism(),
            task -> {
              var thread = new Thread(task, "sandboxed inside");
              thread.setDaemon(true);
              return thread;
            });
  }

  void run() {
    container(root);
  }

  private void container(TestDescriptor container) {
    listener.executionStarted(container);
    var runs = new ArrayList<Future<?>>();
    var containers = new ArrayList<TestDescriptor>();
    for (var child : List.copyOf(container.getChildren())) {
      if (isUnit(child)) {
        var unit = new BodyUnit(child, tests.declared(child));
        runs.add(workers.submit(() -> new BodyRun(unit, options, listener).run(specs)));
      } else {
        containers.add(child);
      }
    }
    runs.forEach(InsideExecution::await);
    containers.forEach(this::container);
    listener.executionFinished(container, TestExecutionResult.successful());
  }

  /** Methods are, also those with invocations; classes are if their tests share a sandbox. */
  private boolean isUnit(TestDescriptor descriptor) {
    return descriptor.getChildren().isEmpty()
        || descriptor.getUniqueId().getLastSegment().getType().endsWith("class-template")
        || (descriptor.getParent().filter(p -> p == root).isPresent()
            && tests.declared(descriptor).scope() == SandboxScope.CLASS);
  }

  private static void await(Future<?> run) {
    try {
      run.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new JUnitException("Interrupted while tests ran inside", e);
    } catch (ExecutionException e) {
      throw new JUnitException("A test that runs inside could not be reported", e.getCause());
    }
  }

  @Override
  public void close() {
    workers.shutdownNow();
  }
}
