package dev.sandboxed.maven.project;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Projects with a {@code Cargo.toml}. */
final class RustEcosystem implements Ecosystem {
  private final HostCaches caches;

  RustEcosystem(HostCaches caches) {
    this.caches = caches;
  }

  @Override
  public Optional<Recognition> recognise(Checkout checkout) {
    return checkout.hasFile("Cargo.toml")
        ? Optional.of(new Recognition("Rust", "Cargo.toml", caches.cargo(), this::plan))
        : Optional.empty();
  }

  private TestPlan plan(Inside inside) {
    return new TestPlan(
        List.of(inside.online() ? Step.of("cargo", "test") : Step.of("cargo", "test", "--offline")),
        Map.of("CARGO_HOME", Layout.CARGO_HOME, "CARGO_TERM_COLOR", "never"),
        new ReportSource.None("Cargo writes no test reports"));
  }
}
