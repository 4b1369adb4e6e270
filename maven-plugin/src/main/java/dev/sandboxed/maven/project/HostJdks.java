package dev.sandboxed.maven.project;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The JDKs that are installed on the host.
 *
 * @param onPath the one whose {@code java} is found first; empty if there is none
 * @param all all of them, that of the path too
 */
public record HostJdks(Optional<Jdk> onPath, List<Jdk> all) {
  /** A host that has none. */
  static final HostJdks NONE = new HostJdks(Optional.empty(), List.of());

  private static final int MAX_ENTRIES = 200;
  private static final Pattern VARIABLE = Pattern.compile("JAVA_HOME|JAVA_HOME_\\d+_\\w+|JDK_\\d+");
  private static final Pattern VERSION =
      Pattern.compile("(?m)^JAVA_VERSION=\"((?:1\\.)?(\\d{1,3})[\\w.+-]{0,60})\"");

  /** Copies the list. */
  public HostJdks {
    all = List.copyOf(all);
  }

  /**
   * A JDK.
   *
   * @param feature its feature version, such as {@code 21}
   * @param version its whole version, such as {@code 21.0.2}
   * @param home where it is
   */
  public record Jdk(int feature, String version, Path home) {
    /** Returns it for people. */
    @Override
    public String toString() {
      return "%s (%s)".formatted(version, home);
    }
  }

  /**
   * Looks for them where they usually are, and where variables say.
   *
   * @param env the host's environment
   * @param home the user's home directory
   */
  public static HostJdks find(Map<String, String> env, Path home) {
    var onPath = javaOnPath(env.getOrDefault("PATH", "")).flatMap(HostJdks::read);
    var candidates = new ArrayList<Path>();
    onPath.map(Jdk::home).ifPresent(candidates::add);
    candidates.add(Path.of(System.getProperty("java.home", "/")));
    env.entrySet().stream()
        .filter(e -> VARIABLE.matcher(e.getKey()).matches() && e.getValue().startsWith("/"))
        .forEach(e -> candidates.add(Path.of(e.getValue())));
    Stream.of(
            Path.of("/usr/lib/jvm"),
            Path.of("/opt/java"),
            home.resolve(".sdkman/candidates/java"),
            home.resolve(".jdks"))
        .flatMap(directory -> entries(directory).stream())
        .forEach(candidates::add);
    var found = new LinkedHashMap<Path, Jdk>();
    candidates.forEach(c -> read(c).ifPresent(jdk -> found.putIfAbsent(jdk.home(), jdk)));
    return new HostJdks(onPath, List.copyOf(found.values()));
  }

  /** Returns that of the path if it will do, and else the oldest that will. */
  Optional<Jdk> choose(Predicate<Jdk> fits) {
    return onPath
        .filter(fits)
        .or(() -> all.stream().filter(fits).min(Comparator.comparingInt(Jdk::feature)));
  }

  private static Optional<Jdk> read(Path candidate) {
    try {
      var real = candidate.toRealPath();
      var release = real.resolve("release");
      if (!Files.isExecutable(real.resolve("bin/javac")) || !Files.isRegularFile(release)) {
        return Optional.empty();
      }
      return new Checkout(real)
          .read("release")
          .map(VERSION::matcher)
          .filter(Matcher::find)
          .map(m -> new Jdk(Integer.parseInt(m.group(2)), m.group(1), real));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Optional<Path> javaOnPath(String path) {
    return Stream.of(path.split(":"))
        .filter(directory -> directory.startsWith("/"))
        .map(directory -> Path.of(directory, "java"))
        .filter(Files::isExecutable)
        .findFirst()
        .flatMap(HostJdks::homeOf);
  }

  private static Optional<Path> homeOf(Path java) {
    try {
      return Optional.ofNullable(parent(parent(java.toRealPath())));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static @Nullable Path parent(@Nullable Path path) {
    return path == null ? null : path.getParent();
  }

  private static List<Path> entries(Path directory) {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (var entries = Files.list(directory)) {
      return entries.sorted().limit(MAX_ENTRIES).toList();
    } catch (IOException e) {
      return List.of();
    }
  }
}
