package dev.sandboxed.maven.project;

import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The JDK that a project asks for.
 *
 * @param release the least feature version
 * @param rules what rules of the Enforcer demand besides
 */
record NeededJdk(int release, List<VersionBounds> rules) {
  private static final Pattern RELEASE = Pattern.compile("(?:1\\.)?(\\d{1,3})");
  private static final List<String> OPTIONS =
      List.of("release", "source", "target", "testRelease", "testSource", "testTarget");

  /** Copies the list. */
  NeededJdk {
    rules = List.copyOf(rules);
  }

  /** Finds it: what the POMs of a checkout tell the compiler, and their rules. */
  static NeededJdk of(Reactor reactor) {
    var release =
        reactor.poms().values().stream()
            .flatMap(NeededJdk::options)
            .flatMapToInt(text -> parse(text).stream())
            .max()
            .orElse(0);
    return new NeededJdk(
        release, EnforcerRules.versions(reactor, "requireJavaVersion").distinct().toList());
  }

  private static Stream<String> options(Pom pom) {
    var properties =
        OPTIONS.stream().flatMap(option -> pom.property("maven.compiler." + option).stream());
    var configured =
        Stream.concat(pom.plugins(), pom.managedPlugins())
            .filter(plugin -> plugin.artifact().artifactId().equals("maven-compiler-plugin"))
            .flatMap(plugin -> OPTIONS.stream().flatMap(option -> pom.configured(plugin, option)));
    // The parent of Spring Boot's projects compiles for what this property says.
    var spring =
        pom.parent()
            .filter(parent -> parent.groupId().equals("org.springframework.boot"))
            .flatMap(parent -> pom.property("java.version"));
    return Stream.of(properties, configured, spring.stream()).flatMap(all -> all);
  }

  private static OptionalInt parse(String text) {
    var matcher = RELEASE.matcher(text);
    return matcher.matches()
        ? OptionalInt.of(Integer.parseInt(matcher.group(1)))
        : OptionalInt.empty();
  }

  /** Returns whether any JDK will do. */
  boolean isAny() {
    return release == 0 && rules.isEmpty();
  }

  /** Returns whether a JDK will do. */
  boolean fits(HostJdks.Jdk jdk) {
    return jdk.feature() >= release && rules.stream().allMatch(r -> r.contains(jdk.version()));
  }

  /** Returns it for people. */
  @Override
  public String toString() {
    var parts =
        Stream.concat(
            release == 0 ? Stream.empty() : Stream.of("JDK " + release + " or later"),
            rules.stream().map(rule -> "a JDK in " + rule.range()));
    return parts.collect(Collectors.joining(", "));
  }
}
