package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** What a project's test script runs, also by way of other scripts of the project. */
final class NodeTestScript {
  private static final int MAX_COMMANDS = 200;
  private static final int MAX_LENGTH = 4_000;
  private static final Pattern NODE = Pattern.compile("\\bnode\\b");
  private static final Pattern TEST_OPTION = Pattern.compile("\\s--test(\\s|$)");

  /** How one script calls another. */
  private static final Pattern CALL =
      Pattern.compile(
          "(?:npm|pnpm|yarn) (?:(?:run|run-script) )?(?:-[\\w-]{1,40} ){0,5}([\\w:.-]{1,100})"
              + "(?: .*)?");

  private static final Pattern AUDIT =
      Pattern.compile("npm\\s{1,20}(?:-[\\w=-]{1,40}\\s{1,20}){0,5}audit(?:\\s|$)");

  private final Map<String, String> scripts;
  private final Set<String> seen = new HashSet<>();
  private final List<String> commands = new ArrayList<>();

  private NodeTestScript(Map<String, String> scripts) {
    this.scripts = scripts;
  }

  /**
   * Returns why results cannot be collected by a reporter of Node's own runner.
   *
   * @return empty if they can
   */
  static Optional<String> obstacle(PackageJson manifest) {
    var script = new NodeTestScript(manifest.scripts());
    script.add("test");
    var runs = script.commands.stream().filter(NodeTestScript::runsNodeTest).toList();
    if (runs.isEmpty() || runs.get(0).contains("--test-reporter")) {
      return Optional.of(
          "the test script does not run node --test, whose results can be collected");
    }
    return runs.size() > 1
        ? Optional.of(
            "the test script runs node --test more than once, and each run would write over the"
                + " results of the one before")
        : Optional.empty();
  }

  /**
   * Returns whether the scripts that are run for tests and linters have npm look for advisories.
   */
  static boolean audits(PackageJson manifest) {
    var script = new NodeTestScript(manifest.scripts());
    script.add("test");
    script.add("lint");
    for (var name : List.copyOf(script.seen)) {
      script.add("pre" + name);
      script.add("post" + name);
    }
    return script.commands.stream().anyMatch(command -> AUDIT.matcher(command).lookingAt());
  }

  private void add(String name) {
    var script = scripts.get(name);
    if (script == null || !seen.add(name)) {
      return;
    }
    // In steps, as one pattern would take for ever on a long script of nothing but "node".
    for (var part : script.split("[&|;]", -1)) {
      var command = part.strip();
      if (command.length() > MAX_LENGTH || commands.size() >= MAX_COMMANDS) {
        continue;
      }
      commands.add(command);
      var call = CALL.matcher(command.replaceAll("\\s+", " "));
      if (call.matches()) {
        add(call.group(1));
      }
    }
  }

  private static boolean runsNodeTest(String command) {
    var node = NODE.matcher(command);
    return node.find() && TEST_OPTION.matcher(command).find(node.end());
  }
}
