package dev.sandboxed.maven.project;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.toml.TomlMapper;

/**
 * The manifests of a Cargo project: its own, those of the members of its workspace, and those of
 * packages that these name by a path.
 *
 * <p>Cargo downloads nothing unless the sources are there that manifests speak of; which changes
 * with every new file. So it is given copies of the manifests, with empty sources beside them.
 *
 * @param targets the sources that are to be beside each manifest, by its directory, which is empty
 *     for the project's own
 */
record CargoManifests(Map<String, List<String>> targets) {
  static final String NAME = "Cargo.toml";

  /** Where the copies are. */
  static final String COPIES = Layout.SCRATCH + "/cargo";

  private static final int MAX_MANIFESTS = 500;
  private static final int MAX_CHARACTERS = 8 << 20;
  private static final Pattern INHERITED =
      Pattern.compile("\\bworkspace[ \\t]{0,9}=[ \\t]{0,9}true");
  private static final Pattern TARGET = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}");
  private static final Set<String> DEPENDENCIES =
      Set.of(
          "dependencies",
          "dev-dependencies",
          "dev_dependencies",
          "build-dependencies",
          "build_dependencies",
          "target",
          "patch",
          "replace");

  /** What kinds of targets there are beside libraries, and where their sources are. */
  private static final Map<String, String> KINDS =
      Map.of("bin", "src/bin/", "test", "tests/", "bench", "benches/", "example", "examples/");

  /** Copies the map. */
  CargoManifests {
    targets = Map.copyOf(targets);
  }

  /**
   * Finds them.
   *
   * @return empty if they are too many, not understood, or outside of the project, too
   */
  static Optional<CargoManifests> find(Checkout checkout) {
    return new Search(checkout).find();
  }

  /** Returns the files, as paths in the project. */
  List<String> files() {
    return targets.keySet().stream().map(d -> CheckoutPath.join(d, NAME)).sorted().toList();
  }

  /** Returns what makes the copies, for a shell in the project's directory. */
  String script() {
    var script = new StringBuilder("set -e\n");
    targets.keySet().stream()
        .sorted()
        .forEach(
            directory -> {
              var copy = CheckoutPath.join(COPIES, directory);
              copy(script, CheckoutPath.join(directory, NAME), copy);
              for (var target : targets.getOrDefault(directory, List.of())) {
                var file = CheckoutPath.join(copy, target);
                line(script, "mkdir -p --", file.substring(0, file.lastIndexOf('/')));
                line(script, ": >", file);
              }
            });
    script.append("if [ -f Cargo.lock ]; then\n");
    copy(script, CargoLock.NAME, COPIES);
    script.append("fi\n");
    // With another network these settings are not there, and crates are found by them.
    script.append("if [ -f /.cargo/config.toml ]; then\n");
    copy(script, "/.cargo/config.toml", Layout.CARGO_HOME);
    return script.append("fi\n").toString();
  }

  private static void copy(StringBuilder script, String file, String directory) {
    line(script, "mkdir -p --", directory);
    line(script, "cp --", file, directory + "/");
  }

  private static void line(StringBuilder script, String command, String... arguments) {
    script.append(command);
    for (var argument : arguments) {
      script.append(" '").append(argument.replace("'", "'\\''")).append('\'');
    }
    script.append('\n');
  }

  /** Goes from manifest to manifest. Used once. */
  private static final class Search {
    private final Checkout checkout;
    private final Map<String, List<String>> found = new LinkedHashMap<>();
    private final Deque<String> todo = new ArrayDeque<>();
    private int characters;

    Search(Checkout checkout) {
      this.checkout = checkout;
    }

    Optional<CargoManifests> find() {
      todo.add("");
      while (!todo.isEmpty()) {
        var directory = todo.remove();
        if (!found.containsKey(directory) && (found.size() == MAX_MANIFESTS || !read(directory))) {
          return Optional.empty();
        }
      }
      return Optional.of(new CargoManifests(found));
    }

    private boolean read(String directory) {
      var text = checkout.read(CheckoutPath.join(directory, NAME));
      characters += text.map(String::length).orElse(0);
      if (text.isEmpty() || characters > MAX_CHARACTERS) {
        return false;
      }
      JsonNode manifest;
      try {
        manifest = new TomlMapper().readTree(text.get());
      } catch (JacksonException e) {
        return false;
      }
      var targets = targets(manifest);
      found.put(directory, targets.orElse(List.of()));
      return targets.isPresent()
          && isWhole(directory, manifest, text.get())
          && addMembers(directory, manifest)
          && addPaths(directory, manifest);
    }

    /** What is inherited must not come from a workspace above the project, which nobody reads. */
    private boolean isWhole(String directory, JsonNode manifest, String text) {
      return !directory.isEmpty()
          || manifest.has("workspace")
          || !(manifest.path("package").has("workspace") || INHERITED.matcher(text).find());
    }

    private boolean addMembers(String directory, JsonNode manifest) {
      var patterns = new ArrayList<String>();
      for (var member : manifest.path("workspace").path("members")) {
        patterns.add(CheckoutPath.join(directory, member.asString("")));
      }
      DirectoryPattern.find(checkout, patterns).stream()
          .filter(d -> checkout.hasFile(CheckoutPath.join(d, NAME)))
          .forEach(todo::add);
      return todo.size() <= MAX_MANIFESTS;
    }

    private boolean addPaths(String directory, JsonNode manifest) {
      var paths = new ArrayList<String>();
      DEPENDENCIES.forEach(name -> gather(manifest.path(name), 0, paths));
      gather(manifest.path("workspace").path("dependencies"), 0, paths);
      for (var path : paths) {
        var target = CheckoutPath.of(directory, path);
        if (target.isEmpty()) {
          return false;
        }
        todo.add(target.get());
      }
      return todo.size() <= MAX_MANIFESTS;
    }

    /** Gathers where dependencies are, which are a few tables deep. */
    private static void gather(JsonNode table, int depth, List<String> paths) {
      // One level down: a crate may be called path.
      if (depth > 0 && table.path("path").isString() && paths.size() <= MAX_MANIFESTS) {
        paths.add(table.path("path").asString());
      } else if (table.isObject() && depth < 4) {
        table.forEach(entry -> gather(entry, depth + 1, paths));
      }
    }

    /** Returns the sources without which Cargo refuses a manifest. */
    private static Optional<List<String>> targets(JsonNode manifest) {
      var targets = new ArrayList<String>();
      if (!manifest.has("package") && !manifest.has("project")) {
        return Optional.of(targets);
      }
      targets.add("src/lib.rs");
      if (manifest.path("package").has("links")) {
        targets.add("build.rs");
      }
      var names = new LinkedHashMap<String, String>();
      var first = manifest.path("package").path("default-run").asString("");
      if (!first.isEmpty()) {
        names.put(KINDS.get("bin") + first + ".rs", first);
      }
      KINDS.forEach(
          (kind, place) -> {
            for (var target : manifest.path(kind)) {
              var name = target.path("name").asString("");
              names.put(place + name + ".rs", name);
            }
          });
      targets.addAll(names.keySet());
      return names.size() <= MAX_MANIFESTS
              && names.values().stream().allMatch(name -> TARGET.matcher(name).matches())
          ? Optional.of(targets)
          : Optional.empty();
    }
  }
}
