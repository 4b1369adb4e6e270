package dev.sandboxed.junit.inside;

import dev.sandboxed.junit.inside.jvm.Wire;
import java.util.Optional;
import java.util.function.Function;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.launcher.LauncherDiscoveryListener;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;

/**
 * Keeps tests that run inside away from Jupiter's own engine. JUnit's launcher finds it by {@link
 * java.util.ServiceLoader}; nobody else needs it.
 */
public final class InsideTestsFilter implements PostDiscoveryFilter {

  /** Called by {@link java.util.ServiceLoader}. */
  public InsideTestsFilter() {}

  @Override
  public FilterResult apply(TestDescriptor descriptor) {
    var configuration = Configuration.CURRENT.get();
    var isJupiters =
        descriptor.getUniqueId().getEngineId().filter(Wire.JUPITER::equals).isPresent();
    return isJupiters && new InsideTests(configuration).isInside(descriptor)
        ? FilterResult.excluded("It runs inside a sandbox, by the engine " + InsideTestEngine.ID)
        : FilterResult.included("It does not run inside a sandbox, or not by Jupiter's engine");
  }

  /** Knows the configuration that a launcher discovers tests with, which filters are not told. */
  public static final class Configuration implements LauncherDiscoveryListener {
    /** A launcher filters in the thread that it has begun to discover in. */
    private static final ThreadLocal<Function<String, Optional<String>>> CURRENT =
        ThreadLocal.withInitial(() -> name -> Optional.ofNullable(System.getProperty(name)));

    /** Called by {@link java.util.ServiceLoader}. */
    public Configuration() {}

    @Override
    public void launcherDiscoveryStarted(LauncherDiscoveryRequest request) {
      CURRENT.set(request.getConfigurationParameters()::get);
    }

    @Override
    public void launcherDiscoveryFinished(LauncherDiscoveryRequest request) {
      CURRENT.remove();
    }
  }
}
