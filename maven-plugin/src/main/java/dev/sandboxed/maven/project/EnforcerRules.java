package dev.sandboxed.maven.project;

import java.util.stream.Stream;

/** Reads what the rules of Maven's Enforcer demand of the tools that build a project. */
final class EnforcerRules {
  private static final String PLUGIN = "maven-enforcer-plugin";

  private EnforcerRules() {}

  /** Returns the versions that rules of a kind take, such as {@code requireMavenVersion}. */
  static Stream<VersionBounds> versions(Reactor reactor, String rule) {
    return reactor.poms().values().stream()
        .flatMap(
            pom ->
                pom.plugins()
                    .filter(plugin -> plugin.artifact().artifactId().equals(PLUGIN))
                    .flatMap(plugin -> pom.configured(plugin, "rules", rule, "version")))
        .flatMap(text -> VersionBounds.ofRule(text).stream());
  }
}
