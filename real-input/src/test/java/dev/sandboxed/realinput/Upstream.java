package dev.sandboxed.realinput;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.ZipInputStream;

/** What the tests share: where things are, and how tools are run. */
final class Upstream {
  private static final String DEPENDENCY_PLUGIN =
      "org.apache.maven.plugins:maven-dependency-plugin:3.9.0";

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

  /** Returns a store of images apart from the user's, where the first run finds nothing. */
  static Path store() {
    return property("real.directory").resolve("store");
  }

  /** Returns the names of all files of the checkout. */
  List<String> files() throws IOException {
    try (var files = Files.walk(checkout())) {
      return files.map(file -> checkout().relativize(file).toString()).sorted().toList();
    }
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

  /** Begins a goal of the plugin, such as {@code test}, on the checkout. */
  Command goal(String goal, List<String> env) throws IOException {
    var command =
        maven(directory)
            .with(
                System.getProperty("real.plugin", "") + ":" + goal,
                "-Dsandbox.dir=" + checkout(),
                "-Dsandbox.reportDirectory=" + reports());
    return env.isEmpty() ? command : command.with("-Dsandbox.env=" + String.join(",", env));
  }

  /** Copies an artifact, {@code group:artifact:version:type:classifier}, to the directory. */
  void copyArtifact(String artifact) throws IOException, InterruptedException {
    maven(directory)
        .with(
            DEPENDENCY_PLUGIN + ":copy", "-Dartifact=" + artifact, "-DoutputDirectory=" + directory)
        .check();
  }

  /** Begins a command with a program of the system, which finds none of the user's own either. */
  static Command system(Path where, String program, String... arguments) {
    return Command.of(where, SystemPrograms.find(program).toString())
        .with(arguments)
        .env("PATH", SystemPrograms.path());
  }

  /** Copies a tree, of which all can be written then. */
  static void copyTree(Path source, Path target) throws IOException {
    try (var files = Files.walk(source)) {
      for (var file : files.sorted().toList()) {
        var copy = target.resolve(source.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(file, copy);
          Files.setPosixFilePermissions(copy, writable(Files.getPosixFilePermissions(file)));
        }
      }
    }
  }

  private static Set<PosixFilePermission> writable(Set<PosixFilePermission> permissions) {
    var all = EnumSet.copyOf(permissions);
    all.add(PosixFilePermission.OWNER_READ);
    all.add(PosixFilePermission.OWNER_WRITE);
    return all;
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

  static Path property(String name) {
    return Path.of(Objects.requireNonNull(System.getProperty(name), name));
  }
}
