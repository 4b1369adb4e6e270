package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Projects with a {@code Cargo.toml}. */
final class RustEcosystem implements Ecosystem {
  private static final String MANIFESTS = Layout.SCRATCH + "/cargo-manifests.sh";

  /** Settings of the project, which Cargo finds above what it works on. */
  private static final String[] SETTINGS = {".cargo/config.toml", ".cargo/config"};

  private static final Pattern OWN_SOURCE =
      Pattern.compile("(?m)^[ \\t]{0,20}(?:directory|local-registry)[ \\t]{0,20}=");

  private static final Map<String, String> ENV =
      Map.of("CARGO_HOME", Layout.CARGO_HOME, "CARGO_TERM_COLOR", "never");
  private final HostCaches caches;

  RustEcosystem(HostCaches caches) {
    this.caches = caches;
  }

  @Override
  public Optional<Recognition> recognise(Checkout checkout) {
    if (!checkout.hasFile(CargoManifests.NAME)) {
      return Optional.empty();
    }
    var manifests = CargoManifests.find(checkout);
    return Optional.of(
        new Recognition(
            "Rust",
            CargoManifests.NAME,
            keyFiles(checkout, manifests),
            caches.cargo(),
            inside -> plan(checkout, manifests, inside)));
  }

  private static List<String> keyFiles(Checkout checkout, Optional<CargoManifests> manifests) {
    var files =
        new ArrayList<>(manifests.map(CargoManifests::files).orElse(List.of(CargoManifests.NAME)));
    files.addAll(checkout.files(CargoLock.NAME, "rust-toolchain.toml", "rust-toolchain"));
    files.addAll(checkout.files(SETTINGS));
    return files;
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

  /** Downloads crates where a server can be reached, and the host does not have them all. */
  private List<Step> installation(
      Checkout checkout, Optional<CargoManifests> manifests, Inside inside) {
    if (!inside.online() || manifests.isEmpty() || hasSourcesOfItsOwn(checkout)) {
      return List.of();
    }
    var locked = checkout.hasFile(CargoLock.NAME);
    var isThere =
        locked
            ? CargoLock.read(checkout).map(new CargoCache(caches.cargoHome())::has).orElse(true)
            : inside.succeeds(List.of("cargo", "fetch", "--offline"), ENV);
    if (isThere) {
      return List.of();
    }
    inside.write(MANIFESTS, manifests.get().script());
    var fetch =
        new ArrayList<>(
            List.of("cargo", "fetch", "--manifest-path", CargoManifests.COPIES + "/Cargo.toml"));
    if (locked) {
      fetch.add("--locked");
    }
    return List.of(
        Step.of(Phase.INSTALL, "cargo manifests", "sh", MANIFESTS),
        Step.of(Phase.INSTALL, "cargo fetch", fetch));
  }

  /** Returns whether the project carries its crates, as {@code cargo vendor} makes them. */
  private static boolean hasSourcesOfItsOwn(Checkout checkout) {
    return checkout.files(SETTINGS).stream()
        .map(checkout::read)
        .flatMap(Optional::stream)
        .anyMatch(text -> OWN_SOURCE.matcher(text).find());
  }

  private TestPlan plan(Checkout checkout, Optional<CargoManifests> manifests, Inside inside) {
    var steps = new ArrayList<>(installation(checkout, manifests, inside));
    steps.add(Step.of(Phase.TEST, "cargo test", command(inside, "test")));
    var linters = linters(checkout, inside);
    steps.addAll(linters.steps());
    return new TestPlan(
        steps, ENV, new ReportSource.None("Cargo writes no test reports"), linters.notes());
  }
}
