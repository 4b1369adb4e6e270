package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Projects with a {@code package.json} that has a {@code test} script. */
final class NodeEcosystem implements Ecosystem {
  private static final String REPORT = Layout.SCRATCH + "/reports/node-test.xml";
  private static final String REPORTER_OPTIONS =
      "--test-reporter=spec --test-reporter-destination=stdout"
          + " --test-reporter=junit --test-reporter-destination="
          + REPORT;

  /** Of what npm itself says nothing. */
  private static final String AUDIT =
      "Scripts of package.json call npm audit, which asks a server: without a network npm says"
          + " \"found 0 vulnerabilities\", whatever there are. -Dsandbox.network=build-tools lets"
          + " it ask";

  private final HostCaches caches;

  NodeEcosystem(HostCaches caches) {
    this.caches = caches;
  }

  @Override
  public Optional<Recognition> recognise(Checkout checkout) {
    return PackageJson.read(checkout)
        .filter(NodeEcosystem::hasTests)
        .map(
            manifest -> {
              var manager = PackageManager.of(checkout, manifest);
              return new Recognition(
                  manager.shownName(),
                  PackageJson.NAME,
                  new NodeKeyFiles(checkout, manager).find(),
                  manager.caches(caches),
                  inside -> plan(checkout, manifest, manager, inside));
            });
  }

  private static boolean hasTests(PackageJson manifest) {
    var test = manifest.scripts().get("test");
    return test != null && !test.contains("no test specified");
  }

  private static TestPlan plan(
      Checkout checkout, PackageJson manifest, PackageManager manager, Inside inside) {
    var reports = reports(manifest, inside);
    var program = manager.command(checkout, inside);
    var steps = new ArrayList<Step>();
    manager
        .installation(checkout, manifest, inside.online())
        .ifPresent(
            arguments ->
                steps.add(
                    Step.of(
                        Phase.INSTALL,
                        manager.stepName(arguments.get(0)),
                        command(program, arguments))));
    steps.add(
        new Step(
            Phase.TEST,
            manager.stepName("test"),
            command(program, List.of("test")),
            reports instanceof ReportSource.File
                ? Map.of("NODE_OPTIONS", REPORTER_OPTIONS)
                : Map.of(),
            Step.OutputFormat.TEXT));
    var notes = new ArrayList<String>();
    if (manager == PackageManager.NPM && !inside.online() && NodeTestScript.audits(manifest)) {
      notes.add(AUDIT);
    }
    if (manifest.scripts().containsKey("lint")) {
      steps.add(
          Step.of(
              Phase.LINT, manager.stepName("run lint"), command(program, List.of("run", "lint"))));
      return new TestPlan(steps, manager.env(inside.online()), reports, notes);
    }
    var linters = new NodeLinters(checkout, manifest, manager.runner(program)).find();
    steps.addAll(linters.steps());
    notes.addAll(linters.notes());
    return new TestPlan(steps, manager.env(inside.online()), reports, notes);
  }

  private static List<String> command(List<String> program, List<String> arguments) {
    var all = new ArrayList<>(program);
    all.addAll(arguments);
    return all;
  }

  private static ReportSource reports(PackageJson manifest, Inside inside) {
    var obstacle = NodeTestScript.obstacle(manifest);
    if (obstacle.isPresent()) {
      return new ReportSource.None(obstacle.get());
    }
    return inside.succeeds(
            List.of("node", "-e", "0"), Map.of("NODE_OPTIONS", "--test-reporter=junit"))
        ? new ReportSource.File(REPORT)
        : new ReportSource.None("this version of Node has no JUnit reporter");
  }
}
