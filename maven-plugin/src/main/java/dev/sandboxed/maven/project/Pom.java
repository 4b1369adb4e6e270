package dev.sandboxed.maven.project;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a {@code pom.xml} says itself; profiles, and what it inherits from elsewhere than its
 * checkout, are left out. The file may be hostile, and so may every text that this returns.
 */
final class Pom {
  static final String PLUGINS_GROUP = "org.apache.maven.plugins";

  private static final Pattern REFERENCE = Pattern.compile("\\$\\{([\\w.-]{1,200})}");
  private static final Set<String> RUNTIME = Set.of("", "compile", "runtime");
  private static final int MAX_ROUNDS = 8;
  private static final int MAX_LENGTH = 1_000;

  private final XmlNode root;
  private final Map<String, String> properties = new HashMap<>();
  private final Map<String, String> resolved = new ConcurrentHashMap<>();

  private Pom(XmlNode root, Map<String, String> inherited) {
    this.root = root;
    properties.putAll(inherited);
    root.in("properties").forEach(p -> properties.put(p.name(), p.text()));
    for (var about : List.of("groupId", "artifactId", "version", "packaging")) {
      var own = root.textOf(about).or(() -> root.textOf("parent", about));
      own.ifPresent(text -> properties.put("project." + about, text));
      root.textOf("parent", about)
          .ifPresent(text -> properties.put("project.parent." + about, text));
    }
  }

  /** Reads one that inherits nothing; empty if it is no POM, or beyond the bounds. */
  static Optional<Pom> read(String xml) {
    return XmlNode.read(xml)
        .filter(node -> node.name().equals("project"))
        .map(node -> new Pom(node, Map.of()));
  }

  /** Returns the same with the properties of a parent, which its own go before. */
  Pom inheriting(Pom parent) {
    return new Pom(root, parent.properties);
  }

  /** A plugin that a POM configures. */
  record Plugin(MavenArtifact artifact, XmlNode node) {
    /** Returns its executions. */
    Stream<XmlNode> executions() {
      return node.in("executions");
    }
  }

  /** Returns its parent, whose file is a POM; empty if it has none. */
  Optional<MavenArtifact> parent() {
    return root.child("parent").map(node -> artifact(node, "", MavenArtifact.POM));
  }

  /** Returns the path at which it says its parent is; empty if that is not in a checkout. */
  Optional<String> parentPath() {
    return root.child("parent")
        .map(
            node ->
                node.child("relativePath").map(p -> resolve(p.text())).orElse("../" + Reactor.NAME))
        .filter(path -> !path.isEmpty());
  }

  /** Returns the artifact that it makes. */
  MavenArtifact artifact() {
    return new MavenArtifact(
        property("project.groupId").orElse(""),
        property("project.artifactId").orElse(""),
        property("project.version").orElse(""),
        MavenArtifact.POM);
  }

  /** Returns what it is packed as, such as {@code jar}. */
  String packaging() {
    return root.textOf("packaging").map(this::resolve).orElse("jar");
  }

  /** Returns the directories or files of its modules. */
  List<String> modules() {
    return Stream.of("modules", "subprojects")
        .flatMap(root::in)
        .map(m -> resolve(m.text()))
        .filter(m -> !m.isEmpty())
        .toList();
  }

  /** Returns the text of an element, such as {@code build/sourceDirectory}; empty without one. */
  Optional<String> text(String... path) {
    return root.textOf(path).map(this::resolve);
  }

  /** Returns the value of a property. */
  Optional<String> property(String name) {
    return Optional.ofNullable(properties.get(name)).map(this::resolve).filter(v -> !v.isEmpty());
  }

  /** Returns what it depends on itself, except for what is on this machine. */
  Stream<MavenArtifact> dependencies() {
    return root.in("dependencies")
        .filter(node -> !node.textOf("scope").map(this::resolve).orElse("").equals("system"))
        .map(node -> artifact(node, "", file(node)));
  }

  /** Returns what it needs to run, as far as it says so itself. */
  Stream<MavenArtifact> runtimeDependencies() {
    return root.in("dependencies")
        .filter(node -> RUNTIME.contains(node.textOf("scope").map(this::resolve).orElse("")))
        .filter(node -> !node.textOf("optional").orElse("").equals("true"))
        .map(node -> artifact(node, "", file(node)));
  }

  /** Returns the POMs that it takes managed versions from. */
  Stream<MavenArtifact> imports() {
    return root.in("dependencyManagement", "dependencies")
        .filter(node -> node.textOf("scope").map(this::resolve).orElse("").equals("import"))
        .map(node -> artifact(node, "", MavenArtifact.POM));
  }

  /** Returns the plugins of its build. */
  Stream<Plugin> plugins() {
    return plugins("build", "plugins");
  }

  /** Returns the plugins that it configures for builds that use them. */
  Stream<Plugin> managedPlugins() {
    return plugins("build", "pluginManagement", "plugins");
  }

  /** Returns what extends Maven for its build. */
  Stream<MavenArtifact> extensions() {
    return root.in("build", "extensions").map(node -> artifact(node, "", MavenArtifact.JAR));
  }

  /** Returns the values of an element in the configuration of a plugin and its executions. */
  Stream<String> configured(Plugin plugin, String... path) {
    return Stream.concat(Stream.of(plugin.node()), plugin.executions())
        .flatMap(node -> node.child("configuration").stream())
        .flatMap(node -> node.textOf(path).stream())
        .map(this::resolve);
  }

  /** Fills in the properties that this knows; those that it does not know stay. */
  String resolve(String text) {
    return text.contains("${") ? resolved.computeIfAbsent(text, this::filledIn) : text;
  }

  private String filledIn(String text) {
    var filled = text;
    for (var round = 0; round < MAX_ROUNDS && filled.contains("${"); round++) {
      var next = new StringBuilder();
      var matcher = REFERENCE.matcher(filled);
      var copied = 0;
      // Properties that name each other could grow without end.
      while (matcher.find() && next.length() <= MAX_LENGTH) {
        next.append(filled, copied, matcher.start())
            .append(properties.getOrDefault(matcher.group(1), matcher.group()));
        copied = matcher.end();
      }
      if (next.length() > MAX_LENGTH) {
        return text;
      }
      filled = next.append(filled, copied, filled.length()).toString();
    }
    return filled;
  }

  private Stream<Plugin> plugins(String... path) {
    return root.in(path)
        .map(node -> new Plugin(artifact(node, PLUGINS_GROUP, MavenArtifact.JAR), node));
  }

  private MavenArtifact artifact(XmlNode node, String defaultGroup, String file) {
    return new MavenArtifact(
        node.textOf("groupId").map(this::resolve).orElse(defaultGroup),
        node.textOf("artifactId").map(this::resolve).orElse(""),
        node.textOf("version").map(this::resolve).filter(v -> !v.contains("${")).orElse(""),
        file);
  }

  private String file(XmlNode dependency) {
    var type = dependency.textOf("type").map(this::resolve).orElse("jar");
    var classifier = dependency.textOf("classifier").map(this::resolve).orElse("");
    return switch (type) {
      case "test-jar" -> "-tests" + MavenArtifact.JAR;
      case "jar", "maven-plugin", "ejb", "bundle" ->
          (classifier.isEmpty() ? "" : "-" + classifier) + MavenArtifact.JAR;
      default -> (classifier.isEmpty() ? "" : "-" + classifier) + "." + type;
    };
  }
}
