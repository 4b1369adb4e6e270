package dev.sandboxed.core.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The tools of the host that a sandbox may see: the system's directories for programs, and those
 * tool chains elsewhere that the user's {@code PATH} leads to. Of a home directory only the tool
 * chain itself is taken, never anything around it.
 *
 * @param mounts the directories, parents first, each shown at its own path
 * @param links symbolic links at the root, such as {@code bin} to {@code usr/bin}
 * @param path the {@code PATH} inside, in the order of the host's
 * @param variables what else tools want to know
 * @param hidden directories within the mounts that must not be seen: the user's home, where it lies
 *     in one of them
 * @param masked files within the mounts whose content must not be seen, since they hold credentials
 */
record HostTools(
    List<HostMount> mounts,
    Map<String, String> links,
    List<String> path,
    Map<String, String> variables,
    List<String> hidden,
    List<String> masked) {

  /**
   * Where the search begins.
   *
   * @param variables of the host's environment; only those that say where tools are get looked at
   */
  record Environment(Map<String, String> variables, Path home, Path javaHome) {
    static Environment ofProcess() {
      return new Environment(
          System.getenv(),
          Path.of(System.getProperty("user.home")),
          Path.of(System.getProperty("java.home")));
    }
  }

  private static final List<String> SYSTEM =
      List.of("usr", "opt", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "nix/store");

  /** Variables that name a tool chain, and are handed on if it can be seen inside. */
  private static final List<String> NAMING_VARIABLES =
      List.of(
          "GOROOT",
          "MAVEN_HOME",
          "M2_HOME",
          "GRADLE_HOME",
          "DOTNET_ROOT",
          "SCALA_HOME",
          "KOTLIN_HOME");

  /** A directory that has none of these in its bin is not taken for a tool chain. */
  private static final Set<String> TOOLS =
      Set.of(
          "java", "javac", "mvn", "gradle", "kotlinc", "scala", "sbt", "groovy", "ant", "python",
          "python3", "pypy3", "uv", "conda", "node", "npm", "bun", "deno", "go", "cargo", "rustc",
          "ruby", "perl", "php", "julia", "ghc", "gcc", "clang", "cmake", "ninja", "make", "dotnet",
          "git", "bazel", "swift", "zig", "elixir", "erl", "lua");

  /** One of these next to bin makes a tool chain: a directory of scripts has none. */
  private static final List<String> PARTS =
      List.of("lib", "lib64", "libexec", "share", "include", "pkg", "jmods", "boot");

  static HostTools discover(Environment environment) throws IOException {
    return new Search(environment).run();
  }

  private static final class Search {
    private final Environment environment;
    private final Path home;
    private final Set<Path> directories = new LinkedHashSet<>();
    private final Map<String, String> links = new TreeMap<>();
    private final Set<Path> bins = new LinkedHashSet<>();
    private final Map<String, String> variables = new LinkedHashMap<>();

    Search(Environment environment) throws IOException {
      this.environment = environment;
      this.home =
          Files.isDirectory(environment.home())
              ? environment.home().toRealPath()
              : environment.home().toAbsolutePath().normalize();
    }

    HostTools run() throws IOException {
      addSystem();
      List<Path> hostPath = hostPath();
      for (Path entry : hostPath) {
        addPathEntry(entry);
      }
      for (String tool : TOOLS.stream().sorted().toList()) {
        addTool(tool, hostPath);
      }
      addJava();
      for (String name : NAMING_VARIABLES) {
        addNamed(name);
      }
      List<HostMount> mounts =
          directories.stream()
              .sorted(Comparator.comparing(Path::toString))
              .map(directory -> new HostMount(directory, directory.toString()))
              .toList();
      return new HostTools(
          mounts,
          Map.copyOf(links),
          bins.stream().map(Path::toString).toList(),
          Map.copyOf(variables),
          isHomeWithin(directories) ? List.of(home.toString()) : List.of(),
          ToolSettings.withCredentials(List.copyOf(bins)).stream()
              .filter(file -> isVisible(Path.of(file)))
              .toList());
    }

    /** A home that its user cannot write to, such as a daemon's, is none. */
    private boolean isHomeWithin(Set<Path> shown) {
      return shown.stream().anyMatch(home::startsWith) && Files.isWritable(home);
    }

    private void addSystem() throws IOException {
      for (String name : SYSTEM) {
        Path directory = Path.of("/", name);
        if (Files.isSymbolicLink(directory)) {
          links.put(name, Files.readSymbolicLink(directory).toString());
        } else if (isOpen(directory)) {
          directories.add(directory);
        }
      }
    }

    private List<Path> hostPath() {
      var entries = new ArrayList<Path>();
      for (String entry : environment.variables().getOrDefault("PATH", "").split(":")) {
        if (entry.startsWith("/") && isOpen(Path.of(entry))) {
          entries.add(Path.of(entry).normalize());
        }
      }
      return entries;
    }

    private void addPathEntry(Path entry) throws IOException {
      Path real = entry.toRealPath();
      if (isVisible(real)) {
        bins.add(isVisible(entry) ? entry : real);
        return;
      }
      for (Path bin : toolChainsBehind(real)) {
        addToolChain(bin);
      }
    }

    /**
     * Returns the bin directories that a directory on the path leads to: version managers put
     * stand-ins there.
     */
    private List<Path> toolChainsBehind(Path bin) throws IOException {
      if (isNamed(bin, "shims") && Files.isDirectory(bin.resolveSibling("versions"))) {
        return chosenVersions(bin.resolveSibling("versions"));
      }
      if (Files.isExecutable(bin.resolve("rustup"))) {
        return rustToolChain();
      }
      return List.of(bin);
    }

    /** pyenv, rbenv and their like: a variable or the file "version" says which versions count. */
    private List<Path> chosenVersions(Path versions) throws IOException {
      String name =
          String.valueOf(versions.resolve("..").normalize().getFileName())
              .replace(".", "")
              .toUpperCase(Locale.ROOT);
      Path file = versions.resolveSibling("version");
      String chosen = environment.variables().get(name + "_VERSION");
      if (chosen == null && Files.isReadable(file)) {
        chosen = Files.readString(file);
      }
      if (chosen == null) {
        return List.of();
      }
      var bins = new ArrayList<Path>();
      for (String version : chosen.split("[:\\s]+")) {
        if (!version.isBlank() && !version.contains("/") && !version.startsWith(".")) {
          bestMatch(versions, version, ".").ifPresent(found -> bins.add(found.resolve("bin")));
        }
      }
      return bins;
    }

    private List<Path> rustToolChain() throws IOException {
      Path rustup =
          Path.of(
              environment
                  .variables()
                  .getOrDefault("RUSTUP_HOME", home.resolve(".rustup").toString()));
      String chosen = environment.variables().get("RUSTUP_TOOLCHAIN");
      Path settings = rustup.resolve("settings.toml");
      if (chosen == null && Files.isReadable(settings)) {
        for (String line : Files.readAllLines(settings)) {
          if (line.startsWith("default_toolchain")) {
            chosen = line.substring(line.indexOf('=') + 1).strip().replace("\"", "");
          }
        }
      }
      if (chosen == null || chosen.contains("/")) {
        return List.of();
      }
      return bestMatch(rustup.resolve("toolchains"), chosen, "-")
          .map(found -> List.of(found.resolve("bin")))
          .orElse(List.of());
    }

    /**
     * Returns the directory of that name, or the last of those whose names go on after a separator.
     */
    private static Optional<Path> bestMatch(Path directory, String name, String separator)
        throws IOException {
      if (Files.isDirectory(directory.resolve(name))) {
        return Optional.of(directory.resolve(name));
      }
      if (!isOpen(directory)) {
        return Optional.empty();
      }
      try (Stream<Path> children = Files.list(directory)) {
        return children
            .filter(child -> String.valueOf(child.getFileName()).startsWith(name + separator))
            .max(Comparator.comparing(HostTools::versionKey));
      }
    }

    /** Adds the tool chain of a bin directory, if it is one and can be shown. */
    private void addToolChain(Path bin) throws IOException {
      if (!isOpen(bin)) {
        return;
      }
      Path real = bin.toRealPath();
      Path chain = real.getParent();
      if (isVisible(real)) {
        bins.add(real);
      } else if (chain != null && isNamed(real, "bin") && isToolChain(chain)) {
        directories.add(chain);
        bins.add(real);
      }
    }

    private boolean isToolChain(Path chain) {
      boolean secret =
          home.startsWith(chain) || isHiddenInHome(chain) || Files.exists(chain.resolve(".git"));
      // What "go install" makes: programs next to the module cache.
      boolean goPath =
          Files.exists(chain.resolve("pkg/mod"))
              || (isNamed(chain, "go") && home.equals(chain.getParent()));
      return !secret
          && !goPath
          && isOpen(chain)
          && TOOLS.stream().anyMatch(tool -> Files.isExecutable(chain.resolve("bin").resolve(tool)))
          && PARTS.stream().anyMatch(part -> Files.isDirectory(chain.resolve(part)));
    }

    /** Hidden directories right in a home hold settings and credentials along with programs. */
    private boolean isHiddenInHome(Path directory) {
      return home.equals(directory.getParent())
          && String.valueOf(directory.getFileName()).startsWith(".");
    }

    /** Makes sure that a tool which the host's path finds is found inside, if it can be. */
    private void addTool(String tool, List<Path> hostPath) throws IOException {
      boolean found = bins.stream().anyMatch(bin -> leadsToVisible(bin.resolve(tool)));
      if (found) {
        return;
      }
      for (Path entry : hostPath) {
        Path file = entry.resolve(tool);
        if (Files.isExecutable(file) && !Files.isExecutable(entry.resolve("rustup"))) {
          Path bin = file.toRealPath().getParent();
          if (bin != null) {
            addToolChain(bin);
          }
          return;
        }
      }
    }

    private boolean leadsToVisible(Path file) {
      try {
        return Files.isExecutable(file) && isVisible(file.toRealPath());
      } catch (IOException e) {
        return false;
      }
    }

    private void addJava() throws IOException {
      if (!isOpen(environment.javaHome())) {
        return;
      }
      Path java = environment.javaHome().toRealPath();
      if (!isVisible(java)) {
        if (home.startsWith(java) || !Files.isExecutable(java.resolve("bin/java"))) {
          return;
        }
        directories.add(java);
      }
      variables.put("JAVA_HOME", java.toString());
      if (bins.stream().noneMatch(bin -> Files.isExecutable(bin.resolve("java")))) {
        bins.add(java.resolve("bin"));
      }
    }

    private void addNamed(String name) throws IOException {
      String value = environment.variables().get(name);
      if (value == null || !value.startsWith("/") || !isOpen(Path.of(value, "bin"))) {
        return;
      }
      Path real = Path.of(value).toRealPath();
      if (!isVisible(real) && isToolChain(real)) {
        directories.add(real);
      }
      if (isVisible(real)) {
        variables.put(name, real.toString());
      }
    }

    private boolean isVisible(Path path) {
      if (path.startsWith(home) && Files.isWritable(home)) {
        return directories.stream()
            .anyMatch(directory -> path.startsWith(directory) && directory.startsWith(home));
      }
      return directories.stream().anyMatch(path::startsWith)
          || links.keySet().stream().anyMatch(link -> path.startsWith(Path.of("/", link)));
    }

    private static boolean isNamed(Path path, String name) {
      return path.getFileName() != null && path.getFileName().toString().equals(name);
    }

    private static boolean isOpen(Path directory) {
      return Files.isDirectory(directory)
          && Files.isReadable(directory)
          && Files.isExecutable(directory);
    }
  }

  /** Returns a key that sorts 3.9 before 3.10. */
  private static String versionKey(Path directory) {
    var key = new StringBuilder();
    for (String part :
        String.valueOf(directory.getFileName()).split("(?<=\\D)(?=\\d)|(?<=\\d)(?=\\D)")) {
      boolean number = !part.isEmpty() && Character.isDigit(part.charAt(0));
      key.append(number ? "0".repeat(Math.max(0, 9 - part.length())) + part : part);
    }
    return key.toString();
  }
}
