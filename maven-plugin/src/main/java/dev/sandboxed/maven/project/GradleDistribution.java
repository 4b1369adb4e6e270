package dev.sandboxed.maven.project;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Pattern;

/**
 * The Gradle that a project's wrapper runs.
 *
 * @param name its name, such as {@code gradle-8.5-bin}
 */
record GradleDistribution(String name) {
  static final String PROPERTIES = "gradle/wrapper/gradle-wrapper.properties";
  private static final int MAX_URL = 2_000;
  private static final int MAX_ENTRIES = 100;

  /** From 6.1 on, Gradle finds what it has downloaded wherever its home is. */
  private static final Pattern OLD = Pattern.compile("gradle-(?:[1-5]\\.|6\\.0(?!\\d)).*");

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][\\w.+-]{0,100}");

  /** Reads which one it is; empty if the project has no wrapper, or one that says nothing. */
  static Optional<GradleDistribution> of(Checkout checkout) {
    return checkout
        .read(PROPERTIES)
        .flatMap(GradleDistribution::url)
        .map(url -> url.substring(url.lastIndexOf('/') + 1))
        .filter(file -> file.endsWith(".zip"))
        .map(file -> file.substring(0, file.length() - ".zip".length()))
        .filter(name -> NAME.matcher(name).matches())
        .map(GradleDistribution::new);
  }

  private static Optional<String> url(String text) {
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

  /** Returns whether what it has downloaded can be used at another path. */
  boolean isRelocatable() {
    return !OLD.matcher(name).matches();
  }

  /**
   * Returns whether a wrapper has unpacked it.
   *
   * @param distributions where the wrappers of the host unpack what they download
   */
  boolean isIn(Path distributions) {
    var directory = distributions.resolve(name);
    if (!Files.isDirectory(directory)) {
      return false;
    }
    // Below it, there is a directory for each server that it can come from.
    try (var servers = Files.list(directory)) {
      return servers
          .limit(MAX_ENTRIES)
          .anyMatch(server -> Files.isRegularFile(server.resolve(name + ".zip.ok")));
    } catch (IOException e) {
      return false;
    }
  }
}
