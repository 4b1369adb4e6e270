package dev.sandboxed.maven.project;

import java.io.IOException;
import java.io.StringReader;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The Maven that a project asks for.
 *
 * @param fits the versions that will do
 * @param fetched the versions to choose from where another one is to be fetched
 * @param asked what is asked for, for people
 * @param evidence the file that says so
 */
record NeededMaven(VersionBounds fits, VersionBounds fetched, String asked, String evidence) {
  /** The settings of the Maven wrapper, which itself is never run. */
  static final String WRAPPER = ".mvn/wrapper/maven-wrapper.properties";

  private static final int MAX_URL = 2_000;
  private static final Pattern DISTRIBUTION =
      Pattern.compile("/apache-maven-(\\d[\\w.-]{0,40})-bin\\.(?:zip|tar\\.gz)$");

  /** Finds it; empty if any Maven will do. */
  static Optional<NeededMaven> of(Checkout checkout, Reactor reactor) {
    return ofWrapper(checkout).or(() -> ofRule(reactor)).or(() -> ofPrerequisites(reactor));
  }

  /** A later version of the same major one is taken as well: what runs is not fetched anew. */
  private static Optional<NeededMaven> ofWrapper(Checkout checkout) {
    return checkout
        .read(WRAPPER)
        .flatMap(NeededMaven::distributionUrl)
        .map(DISTRIBUTION::matcher)
        .filter(Matcher::find)
        .map(matcher -> matcher.group(1))
        .flatMap(
            version ->
                VersionBounds.from(version)
                    .flatMap(
                        fits ->
                            VersionBounds.exactly(version)
                                .map(only -> new NeededMaven(fits, only, version, WRAPPER))));
  }

  private static Optional<String> distributionUrl(String text) {
    var properties = new Properties();
    try {
      properties.load(new StringReader(text));
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
    return Optional.ofNullable(properties.getProperty("distributionUrl"))
        .map(String::strip)
        .filter(url -> url.length() <= MAX_URL);
  }

  private static Optional<NeededMaven> ofRule(Reactor reactor) {
    return EnforcerRules.versions(reactor, "requireMavenVersion")
        .map(bounds -> new NeededMaven(bounds, bounds, bounds.range(), Reactor.NAME))
        .findFirst();
  }

  private static Optional<NeededMaven> ofPrerequisites(Reactor reactor) {
    return reactor
        .root()
        .flatMap(pom -> pom.text("prerequisites", "maven"))
        .flatMap(VersionBounds::ofRule)
        .flatMap(
            fits ->
                reactor
                    .root()
                    .flatMap(pom -> pom.text("prerequisites", "maven"))
                    .flatMap(VersionBounds::from)
                    .map(from -> new NeededMaven(fits, from, fits.range(), Reactor.NAME)));
  }
}
