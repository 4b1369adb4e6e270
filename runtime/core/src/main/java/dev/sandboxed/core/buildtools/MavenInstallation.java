package dev.sandboxed.core.buildtools;

import dev.sandboxed.core.buildtools.MavenSettings.Profile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.zip.ZipFile;

/**
 * An installed Maven.
 *
 * @param home where its {@code lib} and {@code conf} are
 */
record MavenInstallation(Path home) {
  private static final String SUPER_POM = "org/apache/maven/model/pom-4.0.0.xml";
  private static final Pattern HOME = Pattern.compile("(?m)^.*Maven home: (/.*?)\\s*$");
  private static final int MAX_POM = 1 << 20;

  /** Finds the Maven that runs this process, or else the one on the path. */
  static Optional<MavenInstallation> find(HostCommands tools)
      throws IOException, InterruptedException {
    var running = tools.environment().mavenHome().filter(MavenInstallation::isOne);
    if (running.isPresent()) {
      return running.map(MavenInstallation::new);
    }
    var mvn = tools.environment().program("mvn");
    if (mvn.isEmpty()) {
      return Optional.empty();
    }
    var home = mvn.get().toRealPath().resolve("../..").normalize();
    if (isOne(home)) {
      return Optional.of(new MavenInstallation(home));
    }
    // It may be a script that calls another.
    var answer = tools.run(List.of(mvn.get().toString(), "--version"));
    var said = HOME.matcher(answer.output());
    if (answer.succeeded() && said.find() && isOne(Path.of(said.group(1)))) {
      return Optional.of(new MavenInstallation(Path.of(said.group(1))));
    }
    throw new IOException("\"mvn --version\" does not say where Maven is; run it to see why");
  }

  Path settings() {
    return home.resolve("conf/settings.xml");
  }

  /** Reads the repositories that Maven has built in, from the POM that all projects inherit. */
  Profile builtIn() throws IOException {
    try (var jars = Files.newDirectoryStream(home.resolve("lib"), "maven-*.jar")) {
      for (var jar : jars) {
        try (var zip = new ZipFile(jar.toFile())) {
          var entry = zip.getEntry(SUPER_POM);
          if (entry != null) {
            try (var in = zip.getInputStream(entry)) {
              var xml = new String(in.readNBytes(MAX_POM), StandardCharsets.UTF_8);
              return MavenSettings.superPom(xml, "Maven's defaults");
            }
          }
        }
      }
    }
    throw new IOException(
        "%s has no %s, which names its repositories; reinstall Maven"
            .formatted(home.resolve("lib"), SUPER_POM));
  }

  private static boolean isOne(Path home) {
    return Files.isDirectory(home.resolve("lib")) && Files.isDirectory(home.resolve("boot"));
  }
}
