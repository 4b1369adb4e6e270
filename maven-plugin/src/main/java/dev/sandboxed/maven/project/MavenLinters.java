package dev.sandboxed.maven.project;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The linters that the POM of a project configures as plugins.
 *
 * @param all those that were found
 */
record MavenLinters(List<MavenLinter> all) {
  private static final Pattern ID = Pattern.compile("[\\w.-]{1,100}");

  private static final List<MavenArtifact> KNOWN =
      List.of(
          new MavenArtifact(Pom.PLUGINS_GROUP, "maven-checkstyle-plugin", "", MavenArtifact.JAR),
          new MavenArtifact(
              "com.diffplug.spotless", "spotless-maven-plugin", "", MavenArtifact.JAR));

  /** Copies the list. */
  MavenLinters {
    all = List.copyOf(all);
  }

  /**
   * A linter.
   *
   * @param name what people call it
   * @param plugin the plugin that it is
   * @param execution the id of the execution whose configuration is meant; empty for the plugin's
   */
  record MavenLinter(String name, MavenArtifact plugin, String execution) {
    /** Returns how Maven is told to run it; the version is that of the POM. */
    String goal() {
      return goal("check");
    }

    /** Returns the goal that has Maven download what the linter needs; its outcome is nothing. */
    String preparation() {
      // Spotless downloads formatters only when there is something to format.
      return goal(name.equals("spotless") ? "apply" : "check");
    }

    private String goal(String goal) {
      return "%s:%s%s".formatted(plugin.key(), goal, execution.isEmpty() ? "" : "@" + execution);
    }
  }

  /** Finds those of a project. */
  static MavenLinters of(Reactor reactor, MavenNeeds needs) {
    return new MavenLinters(
        reactor.root().stream()
            .flatMap(
                pom ->
                    KNOWN.stream()
                        .flatMap(known -> linter(pom, known, needs.withVersion(known)).stream()))
            .toList());
  }

  private static Optional<MavenLinter> linter(Pom pom, MavenArtifact known, MavenArtifact plugin) {
    var configured =
        Stream.concat(pom.plugins(), pom.managedPlugins())
            .filter(p -> p.artifact().key().equals(known.key()))
            .toList();
    if (configured.isEmpty()) {
      return Optional.empty();
    }
    var execution =
        configured.stream()
            .flatMap(Pom.Plugin::executions)
            .filter(e -> e.in("goals").anyMatch(goal -> goal.text().equals("check")))
            .map(e -> e.textOf("id").orElse("default"))
            .filter(id -> ID.matcher(id).matches())
            .findFirst()
            .orElse("");
    var name = known.artifactId().replace("maven-", "").replace("-plugin", "");
    return Optional.of(new MavenLinter(name, plugin, execution));
  }

  /** Returns the plugins. */
  List<MavenArtifact> plugins() {
    return all.stream().map(MavenLinter::plugin).toList();
  }
}
