package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Projects with a {@code go.mod}. */
final class GoEcosystem implements Ecosystem {
  private static final List<String> DOWNLOAD = List.of("go", "mod", "download");
  private final HostCaches caches;

  GoEcosystem(HostCaches caches) {
    this.caches = caches;
  }

  @Override
  public Optional<Recognition> recognise(Checkout checkout) {
    return checkout
        .firstFile(GoModules.MODULE, GoModules.WORKSPACE)
        .map(
            evidence -> {
              var modules = GoModules.find(checkout);
              return new Recognition(
                  "Go",
                  evidence,
                  modules.files(),
                  caches.go(),
                  inside -> plan(checkout, modules, inside));
            });
  }

  private static TestPlan plan(Checkout checkout, GoModules modules, Inside inside) {
    var env = new LinkedHashMap<String, String>();
    env.put("GOMODCACHE", Layout.GO_MODULES);
    env.put("GOCACHE", Layout.GO_BUILD);
    if (!inside.online()) {
      env.put("GOPROXY", "off");
    }
    env.put("GOFLAGS", "-buildvcs=false");
    env.put("GOTELEMETRY", "off");
    // -count=1: a result that the host's cache remembers is none of this sandbox.
    var steps = new ArrayList<Step>();
    var isVendored = checkout.hasFile("vendor/modules.txt");
    if (modules.hasChecksums() && !isVendored && !hasModules(env, inside)) {
      steps.add(Step.of(Phase.INSTALL, "go mod download", DOWNLOAD));
    }
    var test = new ArrayList<>(List.of("go", "test", "-json", "-count=1"));
    test.addAll(modules.packages());
    steps.add(new Step(Phase.TEST, "go test", test, Map.of(), Step.OutputFormat.GO_TEST_EVENTS));
    var linters = linters(checkout, inside);
    steps.addAll(linters.steps());
    return new TestPlan(steps, env, new ReportSource.Events(), linters.notes());
  }

  private static boolean hasModules(Map<String, String> env, Inside inside) {
    var offline = new LinkedHashMap<>(env);
    offline.put("GOPROXY", "off");
    return inside.succeeds(DOWNLOAD, offline);
  }

  /** Where golangci-lint is missing, go vet does that part of its work that comes with Go. */
  private static Linters linters(Checkout checkout, Inside inside) {
    var found = new Linters();
    checkout
        .firstFile(".golangci.yml", ".golangci.yaml", ".golangci.toml", ".golangci.json")
        .ifPresent(
            configuration -> {
              if (inside.succeeds(List.of("golangci-lint", "--version"), Map.of())) {
                found.add(golangciLint(inside), configuration);
              } else {
                found.miss("golangci-lint", configuration);
                found.add("go vet", configuration, List.of("go", "vet", "./..."));
              }
            });
    return found;
  }

  /** From its second version on it can print for people and write SARIF at once. */
  private static Step golangciLint(Inside inside) {
    var name = "golangci-lint";
    var path = SarifOutput.path(name);
    var output = List.of("--output.text.path=stdout", "--output.sarif.path=" + path);
    var knowsIt =
        inside.succeeds(
            List.of("golangci-lint", "run", output.get(0), output.get(1), "--help"), Map.of());
    if (!knowsIt) {
      return Step.of(Phase.LINT, name, "golangci-lint", "run");
    }
    return Step.of(Phase.LINT, name, "golangci-lint", "run", output.get(0), output.get(1))
        .with(new SarifOutput(List.of(), path));
  }
}
