package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * What a {@code pyproject.toml} says.
 *
 * @param requirements what the project and its tests depend on, as pip would be told
 * @param tools the names of the tools that it configures, such as {@code ruff}
 */
record PyProject(List<String> requirements, Set<String> tools) {
  static final String NAME = "pyproject.toml";

  /** Extras and groups of dependencies that tests and linters go by. */
  private static final Set<String> FOR_TESTS =
      Set.of("test", "tests", "testing", "dev", "develop", "lint", "linting");

  private static final int MAX_REQUIREMENTS = 1_000;
  private static final int MAX_LENGTH = 1_000;
  private static final int MAX_MEMBERS = 500;
  private static final Pattern OWN_EXTRAS =
      Pattern.compile("\\s*([A-Za-z0-9][\\w.-]*)\\s*(?:\\[([\\w.,\\s-]*)])?.*", Pattern.DOTALL);

  /** Copies the collections. */
  PyProject {
    requirements = List.copyOf(requirements);
    tools = Set.copyOf(tools);
  }

  /** Reads a project's; one that says nothing if there is none, or none that Python would read. */
  static PyProject read(Checkout checkout) {
    return checkout
        .read(NAME)
        .flatMap(Toml::parse)
        .map(root -> new PyProject(new Requirements(root).all(), names(root.path("tool"))))
        .orElseGet(() -> new PyProject(List.of(), Set.of()));
  }

  /**
   * Returns the manifests of the project's other packages: members of a workspace of uv, and what
   * uv and Poetry are told to take from a directory.
   */
  static List<String> members(Checkout checkout) {
    var root = checkout.read(NAME).flatMap(Toml::parse);
    if (root.isEmpty()) {
      return List.of();
    }
    var tool = root.get().path("tool");
    var patterns = new ArrayList<String>();
    tool.path("uv").path("workspace").path("members").forEach(m -> patterns.add(m.asString("")));
    var directories = new ArrayList<>(DirectoryPattern.find(checkout, patterns));
    var poetry = tool.path("poetry");
    Stream.of(
            Stream.of(tool.path("uv").path("sources"), poetry.path("dependencies")),
            poetry.path("group").valueStream().map(group -> group.path("dependencies")))
        .flatMap(tables -> tables)
        .flatMap(JsonNode::valueStream)
        .map(dependency -> CheckoutPath.of("", dependency.path("path").asString("")))
        .flatMap(Optional::stream)
        .forEach(directories::add);
    return directories.stream()
        .filter(directory -> !directory.isEmpty())
        .map(directory -> CheckoutPath.join(directory, NAME))
        .filter(checkout::hasFile)
        .distinct()
        .limit(MAX_MEMBERS)
        .toList();
  }

  private static Set<String> names(JsonNode table) {
    return table.isObject() ? Set.copyOf(table.propertyNames()) : Set.of();
  }

  /** Gathers requirements, of extras and groups that name each other too. */
  private static final class Requirements {
    private final JsonNode extras;
    private final JsonNode groups;
    private final String name;

    /** What uv takes from the project: a server has others of these names, perhaps hostile ones. */
    private final Set<String> local = new HashSet<>();

    private final Set<String> seen = new HashSet<>();
    private final Set<String> found = new LinkedHashSet<>();

    Requirements(JsonNode root) {
      var project = root.path("project");
      name = project.path("name").asString("");
      extras = project.path("optional-dependencies");
      groups = root.path("dependency-groups");
      var sources = root.path("tool").path("uv").path("sources");
      for (var source : names(sources)) {
        var from = sources.path(source);
        if (from.has("path") || from.has("workspace")) {
          local.add(normal(source));
        }
      }
      add(project.path("dependencies"));
      names(extras).stream().sorted().filter(this::isForTests).forEach(this::addExtra);
      names(groups).stream().sorted().filter(this::isForTests).forEach(this::addGroup);
    }

    List<String> all() {
      return new ArrayList<>(found);
    }

    /** Returns a name as servers compare it. */
    private static String normal(String name) {
      return name.toLowerCase(Locale.ROOT).replaceAll("[-_.]+", "-");
    }

    private boolean isForTests(String extra) {
      return FOR_TESTS.contains(extra.toLowerCase(Locale.ROOT));
    }

    private void addExtra(String extra) {
      if (seen.add("extra " + extra)) {
        add(extras.path(extra));
      }
    }

    private void addGroup(String group) {
      if (seen.add("group " + group)) {
        add(groups.path(group));
      }
    }

    private void add(JsonNode list) {
      for (var entry : list.isArray() ? list : JsonNodeFactory.instance.arrayNode()) {
        if (entry.isString()) {
          add(entry.asString());
        } else if (entry.path("include-group").isString()) {
          addGroup(entry.path("include-group").asString());
        }
      }
    }

    /** Adds one that is no option of pip; of the project itself, what its extras name. */
    private void add(String requirement) {
      var matcher = OWN_EXTRAS.matcher(requirement);
      if (!matcher.matches() || requirement.length() > MAX_LENGTH) {
        return;
      }
      if (!matcher.group(1).equalsIgnoreCase(name)) {
        if (found.size() < MAX_REQUIREMENTS && !local.contains(normal(matcher.group(1)))) {
          found.add(requirement.strip());
        }
      } else if (matcher.group(2) != null) {
        for (var extra : matcher.group(2).split(",", -1)) {
          addExtra(extra.strip());
        }
      }
    }
  }
}
