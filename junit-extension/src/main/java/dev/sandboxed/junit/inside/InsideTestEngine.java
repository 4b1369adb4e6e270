package dev.sandboxed.junit.inside;

import dev.sandboxed.junit.Sandboxed;
import dev.sandboxed.junit.inside.jvm.Wire;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.junit.platform.commons.JUnitException;
import org.junit.platform.engine.ConfigurationParameters;
import org.junit.platform.engine.DiscoveryFilter;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.EngineDiscoveryListener;
import org.junit.platform.engine.EngineDiscoveryRequest;
import org.junit.platform.engine.ExecutionRequest;
import org.junit.platform.engine.OutputDirectoryCreator;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestEngine;
import org.junit.platform.engine.UniqueId;
import org.junit.platform.engine.support.descriptor.EngineDescriptor;

/**
 * Runs tests of Jupiter whose {@link Sandboxed#execution} is {@link
 * dev.sandboxed.junit.TestExecution#INSIDE}: each in a JVM in a sandbox. Jupiter's own engine finds
 * them, here and inside; {@link InsideTestsFilter} keeps it from running them here. JUnit's
 * launcher finds the engine by {@link ServiceLoader}; nobody else needs it.
 */
public final class InsideTestEngine implements TestEngine {
  /** The id of the engine, with which the unique ids of its tests begin: {@value}. */
  public static final String ID = "sandboxed-inside";

  /** Called by {@link ServiceLoader}. */
  public InsideTestEngine() {}

  @Override
  public String getId() {
    return ID;
  }

  @Override
  public Optional<String> getGroupId() {
    return Optional.of("dev.sandboxed");
  }

  @Override
  public Optional<String> getArtifactId() {
    return Optional.of("sandboxed-junit");
  }

  @Override
  public TestDescriptor discover(EngineDiscoveryRequest request, UniqueId uniqueId) {
    var root = new EngineDescriptor(uniqueId, "Sandboxed tests");
    var configuration = request.getConfigurationParameters();
    if (configuration.get(Wire.INSIDE_PARAMETER).isPresent()) {
      return root;
    }
    var jupiter = jupiter();
    if (jupiter.isEmpty()) {
      if (configuration.get(Sandboxed.EXECUTION_PROPERTY_NAME).isPresent()) {
        throw new JUnitException(
            "%s is set, but there is no engine for tests of Jupiter; add org.junit.jupiter:junit-jupiter-engine to the class path"
                .formatted(Sandboxed.EXECUTION_PROPERTY_NAME));
      }
      return root;
    }
    var tests = new InsideTests(configuration::get);
    var found = jupiter.get().discover(new Silent(request), uniqueId);
    for (var child : List.copyOf(found.getChildren())) {
      // Removing it from its hierarchy would part it from its own children, too.
      found.removeChild(child);
      root.addChild(child);
    }
    for (var descendant : List.copyOf(root.getDescendants())) {
      if (descendant.getChildren().isEmpty() && !tests.isInside(descendant)) {
        descendant.removeFromHierarchy();
      }
    }
    root.accept(TestDescriptor::prune);
    return root;
  }

  @Override
  public void execute(ExecutionRequest request) {
    try (var execution = new InsideExecution(request)) {
      execution.run();
    }
  }

  private static Optional<TestEngine> jupiter() {
    var engines = ServiceLoader.load(TestEngine.class).iterator();
    while (true) {
      try {
        if (!engines.hasNext()) {
          return Optional.empty();
        }
        var engine = engines.next();
        if (engine.getId().equals(Wire.JUPITER)) {
          return Optional.of(engine);
        }
      } catch (ServiceConfigurationError e) {
        // Another engine, about which JUnit itself says what is wrong.
      }
    }
  }

  /** The request without its listener: Jupiter's own discovery has told it everything already. */
  private record Silent(EngineDiscoveryRequest request) implements EngineDiscoveryRequest {

    @Override
    public <T extends DiscoverySelector> List<T> getSelectorsByType(Class<T> type) {
      return request.getSelectorsByType(type);
    }

    @Override
    public <T extends DiscoveryFilter<?>> List<T> getFiltersByType(Class<T> type) {
      return request.getFiltersByType(type);
    }

    @Override
    public ConfigurationParameters getConfigurationParameters() {
      return request.getConfigurationParameters();
    }

    @Override
    public EngineDiscoveryListener getDiscoveryListener() {
      return EngineDiscoveryListener.NOOP;
    }

    @Override
    public OutputDirectoryCreator getOutputDirectoryCreator() {
      return request.getOutputDirectoryCreator();
    }
  }
}
