package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** Projects with a {@code package.json} that has a {@code test} script. */
final class NpmEcosystem implements Ecosystem {
  private static final String REPORT = Layout.SCRATCH + "/reports/node-test.xml";
  private static final String REPORTER_OPTIONS =
      "--test-reporter=spec --test-reporter-destination=stdout"
          + " --test-reporter=junit --test-reporter-destination="
          + REPORT;
  private static final Pattern NODE_TEST = Pattern.compile("\\bnode\\b[^&|;]*\\s--test(\\s|$)");
  private final HostCaches caches;

  NpmEcosystem(HostCaches caches) {
    this.caches = caches;
  }

  @Override
  public Optional<Recognition> recognise(Checkout checkout) {
    return checkout
        .read("package.json")
        .map(NpmEcosystem::scripts)
        .filter(s -> s.containsKey("test") && !s.get("test").contains("no test specified"))
        .map(
            scripts ->
                new Recognition(
                    "npm",
                    "package.json",
                    caches.npm(),
                    inside -> plan(scripts, needsInstall(checkout), inside)));
  }

  private static boolean needsInstall(Checkout checkout) {
    return checkout.hasFile("package-lock.json") && !checkout.has("node_modules");
  }

  private static TestPlan plan(Map<String, String> scripts, boolean install, Inside inside) {
    var reports = reports(scripts.getOrDefault("test", ""), inside);
    var steps = new ArrayList<Step>();
    if (install) {
      steps.add(Step.of("npm", "ci", "--ignore-scripts"));
    }
    steps.add(
        new Step(
            List.of("npm", "test"),
            reports instanceof ReportSource.File
                ? Map.of("NODE_OPTIONS", REPORTER_OPTIONS)
                : Map.of(),
            Step.OutputFormat.TEXT));
    if (scripts.containsKey("lint")) {
      steps.add(Step.of("npm", "run", "lint"));
    }
    return new TestPlan(
        steps,
        Map.of(
            "npm_config_cache", Layout.NPM_CACHE,
            "npm_config_offline", Boolean.toString(!inside.online()),
            "npm_config_audit", "false",
            "npm_config_fund", "false",
            "npm_config_update_notifier", "false"),
        reports);
  }

  private static ReportSource reports(String testScript, Inside inside) {
    if (!NODE_TEST.matcher(testScript).find() || testScript.contains("--test-reporter")) {
      return new ReportSource.None(
          "the test script does not run node --test, whose results can be collected");
    }
    return inside.succeeds(
            List.of("node", "-e", "0"), Map.of("NODE_OPTIONS", "--test-reporter=junit"))
        ? new ReportSource.File(REPORT)
        : new ReportSource.None("this version of Node has no JUnit reporter");
  }

  /** Reads the scripts; none if the text is not what npm would read. */
  private static Map<String, String> scripts(String text) {
    var scripts = new LinkedHashMap<String, String>();
    try (var parser = JsonFactory.builder().build().createParser(ObjectReadContext.empty(), text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return Map.of();
      }
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        var scriptsHere = "scripts".equals(parser.currentName());
        if (parser.nextToken() != JsonToken.START_OBJECT || !scriptsHere) {
          parser.skipChildren();
          continue;
        }
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
          var name = parser.currentName();
          if (parser.nextToken() == JsonToken.VALUE_STRING) {
            scripts.put(name, parser.getString());
          } else {
            parser.skipChildren();
          }
        }
      }
      return scripts;
    } catch (JacksonException e) {
      return Map.of();
    }
  }
}
