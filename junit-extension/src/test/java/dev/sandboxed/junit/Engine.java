package dev.sandboxed.junit;

import java.util.List;
import java.util.Map;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/** Runs fixtures with the engine that the tests themselves run on. */
final class Engine {
  private Engine() {}

  static EngineExecutionResults run(Class<?> fixture) {
    return run(fixture, Map.of());
  }

  static EngineExecutionResults run(Class<?> fixture, Map<String, String> parameters) {
    return run(List.of(fixture), parameters);
  }

  /** Runs several fixtures in one execution of the engine. */
  static EngineExecutionResults run(List<Class<?>> fixtures, Map<String, String> parameters) {
    return EngineTestKit.engine("junit-jupiter")
        .selectors(
            fixtures.stream()
                .map(DiscoverySelectors::selectClass)
                .toArray(DiscoverySelector[]::new))
        .configurationParameters(parameters)
        .execute();
  }

  /** Runs a fixture, all of whose tests have to pass. */
  static EngineExecutionResults pass(Class<?> fixture, Map<String, String> parameters) {
    return pass(List.of(fixture), parameters);
  }

  /** Runs several fixtures in one execution of the engine; all their tests have to pass. */
  static EngineExecutionResults pass(List<Class<?>> fixtures, Map<String, String> parameters) {
    var results = run(fixtures, parameters);
    results.allEvents().failed().stream().findFirst().map(Engine::failure).ifPresent(Engine::raise);
    results.testEvents().assertStatistics(s -> s.failed(0).aborted(0).skipped(0));
    return results;
  }

  static EngineExecutionResults pass(Class<?> fixture) {
    return pass(fixture, Map.of());
  }

  /** Runs a fixture that has to fail once, and returns what it failed with. */
  static Throwable fail(Class<?> fixture, Map<String, String> parameters) {
    var failed = run(fixture, parameters).allEvents().failed().list();
    if (failed.size() != 1) {
      throw new AssertionError("Expected one failure but there were " + failed);
    }
    return failure(failed.get(0));
  }

  static Throwable fail(Class<?> fixture) {
    return fail(fixture, Map.of());
  }

  private static Throwable failure(Event event) {
    return event
        .getPayload(TestExecutionResult.class)
        .flatMap(TestExecutionResult::getThrowable)
        .orElseThrow();
  }

  private static void raise(Throwable failure) {
    throw new AssertionError("A test of the fixture failed: " + failure, failure);
  }
}
