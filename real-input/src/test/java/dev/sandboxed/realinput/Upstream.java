package dev.sandboxed.realinput;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.ZipInputStream;

/** What the tests share: where things are, and how Maven is run. */
final class Upstream {
  /** Modules of this build, and libraries that they need. */
  private static final Pattern EXTENSION =
      Pattern.compile(
          "/junit-extension/target/|/runtime/[a-z]+/target/|/dev/sandboxed/|/tools/jackson/"
              + "|/jackson-annotations/|/snakeyaml-engine/|/zstd-jni/|/java-diff-utils/");

  private final Path directory;

  private Upstream(Path directory) {
    this.directory = directory;
  }

  /** Makes an empty directory for one upstream project. */
  static Upstream open(String name) throws IOException {
    var directory = property("real.directory").resolve(name);
    remove(directory);
    Files.createDirectories(directory.resolve("checkout"));
    return new Upstream(directory);
  }

  Path directory() {
    return directory;
  }

  Path checkout() {
    return directory.resolve("checkout");
  }

  Path reports() {
    return directory.resolve("sandbox-reports");
  }

  /**
   * Begins a Maven command that finds the plugin as it was just built.
   *
   * <p>The user's settings stay in force; what the user's repository has is not fetched again.
   */
  Command maven(Path where) throws IOException {
    var settings = directory.resolve("settings.xml");
    Files.writeString(
        settings,
        new String(resource("settings.xml").readAllBytes(), StandardCharsets.UTF_8)
            .replace("@repository@", property("real.user.repository").toUri().toString()));
    return Command.of(
        where,
        property("real.maven.home").resolve("bin/mvn").toString(),
        "-B",
        "-ntp",
        "-gs",
        settings.toString(),
        "-Dmaven.repo.local=" + property("real.repository").toRealPath());
  }

  /** Begins {@code sandbox:run} on the checkout. */
  Command sandboxRun(String... env) throws IOException {
    var command =
        maven(directory)
            .with(
                System.getProperty("real.goal", ""),
                "-Dsandbox.dir=" + checkout(),
                "-Dsandbox.reportDirectory=" + reports());
    return env.length == 0 ? command : command.with("-Dsandbox.env=" + String.join(",", env));
  }

  /** Returns the JUnit extension with what it needs, other than JUnit, apart by commas. */
  static String extension() {
    var own = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return Arrays.stream(own.split(File.pathSeparator))
        .filter(entry -> EXTENSION.matcher(entry).find())
        .collect(Collectors.joining(","));
  }

  static void unpackJar(Path jar, Path target) throws IOException {
    try (var zip = new ZipInputStream(Files.newInputStream(jar))) {
      for (var entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        var file = target.resolve(entry.getName()).normalize();
        if (!file.startsWith(target) || entry.getName().startsWith("META-INF/")) {
          continue;
        }
        if (entry.isDirectory()) {
          Files.createDirectories(file);
        } else {
          Files.createDirectories(file.getParent());
          Files.copy(zip, file);
        }
      }
    }
  }

  static void remove(Path path) throws IOException {
    if (Files.exists(path)) {
      try (var files = Files.walk(path)) {
        for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  static InputStream resource(String name) {
    return Objects.requireNonNull(Upstream.class.getResourceAsStream(name), name);
  }

  static String go() {
    return System.getProperty("real.go", "go");
  }

  private static Path property(String name) {
    return Path.of(Objects.requireNonNull(System.getProperty(name), name));
  }
}
