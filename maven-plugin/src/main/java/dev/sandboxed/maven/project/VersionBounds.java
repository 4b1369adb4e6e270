package dev.sandboxed.maven.project;

import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.maven.artifact.versioning.DefaultArtifactVersion;
import org.apache.maven.artifact.versioning.InvalidVersionSpecificationException;
import org.apache.maven.artifact.versioning.VersionRange;

/**
 * Which versions of a tool a project takes.
 *
 * @param range as Maven writes it, such as {@code [3.9,4)}
 */
record VersionBounds(String range) {
  private static final Pattern PLAIN = Pattern.compile("(\\d{1,4})(\\.[\\w.-]{1,40})?");
  private static final Pattern RANGE = Pattern.compile("[\\[(][\\w.,()\\[\\]\\s-]{1,100}[])]");

  /** Returns this very version. */
  static Optional<VersionBounds> exactly(String version) {
    return PLAIN.matcher(version).matches()
        ? Optional.of(new VersionBounds("[" + version + "]"))
        : Optional.empty();
  }

  /** Returns this version and later ones of the same major version. */
  static Optional<VersionBounds> from(String version) {
    var matcher = PLAIN.matcher(version);
    return matcher.matches()
        ? Optional.of(
            new VersionBounds("[%s,%d)".formatted(version, Integer.parseInt(matcher.group(1)) + 1)))
        : Optional.empty();
  }

  /** Reads what the rules of Maven's Enforcer take: a range, or the least version. */
  static Optional<VersionBounds> ofRule(String text) {
    var stripped = text.strip();
    if (PLAIN.matcher(stripped).matches()) {
      return Optional.of(new VersionBounds("[" + stripped + ",)"));
    }
    if (!RANGE.matcher(stripped).matches()) {
      return Optional.empty();
    }
    try {
      VersionRange.createFromVersionSpec(stripped);
      return Optional.of(new VersionBounds(stripped));
    } catch (InvalidVersionSpecificationException | RuntimeException e) {
      // Maven's own parser throws unchecked exceptions for some malformed ranges.
      return Optional.empty();
    }
  }

  /** Returns whether a version will do. */
  boolean contains(String version) {
    try {
      return VersionRange.createFromVersionSpec(range)
          .containsVersion(new DefaultArtifactVersion(version));
    } catch (InvalidVersionSpecificationException e) {
      throw new IllegalStateException("Read before: " + range, e);
    }
  }
}
