package dev.sandboxed.core.image;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.buildtools.AptSources;
import dev.sandboxed.core.buildtools.DebianSources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Where base systems of Debian come from.
 *
 * @param mirror the URL of an archive, in the place of the host's own sources
 * @param refresh how old a base system may be
 * @param root the root of the host's file system, with its apt configuration and tools
 */
public record DebianSettings(Optional<String> mirror, Duration refresh, Path root) {
  static final String REFRESH = "sandboxed.debian.refresh";
  private static final String TOOL = "usr/bin/mmdebstrap";

  /**
   * Reads the settings; each is a system property or, in capital letters with underscores, an
   * environment variable.
   *
   * @throws InvalidSpecException if one is malformed
   */
  public static DebianSettings from(Settings settings) {
    return new DebianSettings(
        value(settings, DebianSources.MIRROR),
        value(settings, REFRESH).map(DebianSettings::duration).orElse(Duration.ofDays(7)),
        Path.of("/"));
  }

  private static Optional<String> value(Settings settings, String property) {
    return settings
        .property(property)
        .or(() -> settings.variable(property.toUpperCase(Locale.ROOT).replace('.', '_')))
        .map(String::strip);
  }

  private static Duration duration(String text) {
    try {
      var duration = Duration.parse(text);
      if (!duration.isNegative()) {
        return duration;
      }
    } catch (DateTimeParseException e) {
      throw new InvalidSpecException(malformed(text), e);
    }
    throw new InvalidSpecException(malformed(text));
  }

  private static String malformed(String text) {
    return "The setting %s has \"%s\", which is malformed; write a duration that is not negative, such as PT12H or P1D"
        .formatted(REFRESH, text);
  }

  /**
   * Returns where a suite comes from.
   *
   * @throws IOException if that is not known; the message says what to do
   */
  DebianSources sources(String suite) throws IOException {
    var apt = root.resolve(AptSources.DIRECTORY.substring(1));
    return mirror.isPresent()
        ? DebianSources.at(mirror.get(), suite, apt)
        : DebianSources.ofHost(apt, ownSuite(), suite);
  }

  /**
   * Checks that the host has what builds a base system.
   *
   * @throws IOException if something is missing; the message says what to install
   */
  void checkTools() throws IOException {
    if (!Files.isExecutable(root.resolve(TOOL))) {
      throw new IOException(
          "/%s is not there, which builds it. Install the package mmdebstrap on this machine, such as by apt-get install mmdebstrap"
              .formatted(TOOL));
    }
    if (!Files.isReadable(root.resolve(DebianSources.KEYRING.toString().substring(1)))) {
      throw new IOException(
          "%s is not there, by which packages are verified. Install the package debian-archive-keyring on this machine"
              .formatted(DebianSources.KEYRING));
    }
  }

  /** Returns the suite that the host is; empty if it is not Debian. */
  private Optional<String> ownSuite() throws IOException {
    var file = root.resolve("etc/os-release");
    if (!Files.isReadable(file)) {
      return Optional.empty();
    }
    var lines = Files.readString(file).lines().map(line -> line.replace("\"", "")).toList();
    return lines.contains("ID=debian") ? codename(lines) : Optional.empty();
  }

  private static Optional<String> codename(List<String> lines) {
    var name = "VERSION_CODENAME=";
    return lines.stream()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(name.length()))
        .filter(text -> !text.isBlank())
        .findFirst();
  }
}
