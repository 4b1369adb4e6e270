package dev.sandboxed.maven.project;

import java.util.ArrayList;
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
        ? Optional.of(
            new Recognition(
                "Rust",
                "Cargo.toml",
                checkout.files("Cargo.toml", "Cargo.lock"),
                caches.cargo(),
                inside -> plan(checkout, inside)))
        : Optional.empty();
  }

  private static List<String> command(Inside inside, String... arguments) {
    var command = new ArrayList<String>();
    command.add("cargo");
    command.addAll(List.of(arguments));
    if (!inside.online()) {
      command.add("--offline");
    }
    return command;
  }

  private static Linters linters(Checkout checkout, Inside inside) {
    var found = new Linters();
    clippy(checkout)
        .ifPresent(
            configuration -> {
              if (inside.succeeds(List.of("cargo", "clippy", "--version"), Map.of())) {
                found.add("clippy", configuration, command(inside, "clippy", "--all-targets"));
              } else {
                found.miss("clippy", configuration);
              }
            });
    checkout
        .firstFile("rustfmt.toml", ".rustfmt.toml")
        .ifPresent(
            configuration -> {
              if (inside.succeeds(List.of("cargo", "fmt", "--version"), Map.of())) {
                found.add("rustfmt", configuration, List.of("cargo", "fmt", "--check"));
              } else {
                found.miss("rustfmt", configuration);
              }
            });
    return found;
  }

  private static Optional<String> clippy(Checkout checkout) {
    return checkout
        .firstFile("clippy.toml", ".clippy.toml")
        .or(
            () ->
                checkout
                    .read("Cargo.toml")
                    .filter(text -> text.contains("lints.clippy]"))
                    .map(text -> "Cargo.toml"));
  }

  private static TestPlan plan(Checkout checkout, Inside inside) {
    var steps = new ArrayList<Step>();
    steps.add(Step.of(Phase.TEST, "cargo test", command(inside, "test")));
    var linters = linters(checkout, inside);
    steps.addAll(linters.steps());
    return new TestPlan(
        steps,
        Map.of("CARGO_HOME", Layout.CARGO_HOME, "CARGO_TERM_COLOR", "never"),
        new ReportSource.None("Cargo writes no test reports"),
        linters.notes());
  }
}
