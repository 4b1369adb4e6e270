package dev.sandboxed.maven.project;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Projects with a {@code go.mod}. */
final class GoEcosystem implements Ecosystem {
  private final HostCaches caches;

  GoEcosystem(HostCaches caches) {
    this.caches = caches;
  }

  @Override
  public Optional<Recognition> recognise(Checkout checkout) {
    return checkout.hasFile("go.mod")
        ? Optional.of(new Recognition("Go", "go.mod", caches.go(), this::plan))
        : Optional.empty();
  }

  private TestPlan plan(Inside inside) {
    var env = new LinkedHashMap<String, String>();
    env.put("GOMODCACHE", Layout.GO_MODULES);
    env.put("GOCACHE", Layout.GO_BUILD);
    if (!inside.online()) {
      env.put("GOPROXY", "off");
    }
    env.put("GOFLAGS", "-buildvcs=false");
    env.put("GOTELEMETRY", "off");
    // -count=1: a result that the host's cache remembers is none of this sandbox.
    return new TestPlan(
        List.of(
            new Step(
                List.of("go", "test", "-json", "-count=1", "./..."),
                Map.of(),
                Step.OutputFormat.GO_TEST_EVENTS)),
        env,
        new ReportSource.Events());
  }
}
