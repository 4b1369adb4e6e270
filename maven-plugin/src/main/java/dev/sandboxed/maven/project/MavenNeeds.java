package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Finds out what Maven would have to download to run the tests and linters of a project: of what
 * its POMs name themselves, which tells at no cost whether a build like this ran on the host. What
 * only inherited POMs or profiles name is not looked for.
 */
final class MavenNeeds {
  /** More than any build has. */
  private static final int MAX_ARTIFACTS = 20_000;

  /** Packagings whose life cycle has the plugins below. */
  private static final Set<String> JAVA = Set.of("jar", "war", "ejb", "maven-plugin", "bundle");

  private static final List<String> LIFECYCLE =
      List.of("maven-resources-plugin", "maven-compiler-plugin", "maven-surefire-plugin");
  private static final String SUREFIRE = "maven-surefire-plugin";

  private static final Set<String> UP_TO_TEST =
      Set.of(
          "validate",
          "initialize",
          "generate-sources",
          "process-sources",
          "generate-resources",
          "process-resources",
          "compile",
          "process-classes",
          "generate-test-sources",
          "process-test-sources",
          "generate-test-resources",
          "process-test-resources",
          "test-compile",
          "process-test-classes",
          "test");

  private static final Set<String> TEST_GROUPS = Set.of("junit", "org.junit.jupiter", "org.testng");

  /** What Surefire downloads only when it has found tests, and of which one is enough. */
  private static final List<String> PROVIDERS =
      List.of(
          "surefire-junit-platform",
          "surefire-junit4",
          "surefire-junit47",
          "surefire-testng",
          "surefire-junit3");

  private final Checkout checkout;
  private final Reactor reactor;
  private final LocalRepository repository;
  private final Map<String, MavenArtifact> decided = new HashMap<>();

  MavenNeeds(Checkout checkout, Reactor reactor, LocalRepository repository) {
    this.checkout = checkout;
    this.reactor = reactor;
    this.repository = repository;
    reactor.poms().values().stream()
        .flatMap(pom -> Stream.concat(pom.plugins(), pom.managedPlugins()))
        .map(Pom.Plugin::artifact)
        .filter(MavenArtifact::hasVersion)
        .forEach(plugin -> decided.putIfAbsent(plugin.key(), plugin));
  }

  /**
   * Returns what the local repository lacks, in the order in which it is named.
   *
   * @param linters the plugins that are called by name
   */
  List<MavenArtifact> missing(List<MavenArtifact> linters) {
    var missing = new ArrayList<MavenArtifact>();
    Stream.concat(reactor.poms().values().stream().flatMap(this::artifacts), extensions())
        .filter(artifact -> !reactor.makes(artifact))
        .distinct()
        .limit(MAX_ARTIFACTS)
        .filter(repository::lacks)
        .forEach(missing::add);
    Stream.concat(reactor.poms().values().stream().flatMap(this::plugins), linters.stream())
        .filter(plugin -> !reactor.makes(plugin))
        .distinct()
        .limit(MAX_ARTIFACTS)
        .filter(repository::lacksPlugin)
        .forEach(missing::add);
    provider().ifPresent(missing::add);
    return missing.stream().distinct().toList();
  }

  private Stream<MavenArtifact> artifacts(Pom pom) {
    return Stream.of(
            pom.parent().stream(), pom.imports(), pom.dependencies(), pom.extensions(), named(pom))
        .flatMap(all -> all);
  }

  /** Returns plugins that Maven looks at, though it may not run them before the tests. */
  private Stream<MavenArtifact> named(Pom pom) {
    return pom.plugins()
        .filter(
            plugin ->
                plugin.node().textOf("extensions").orElse("").equals("true")
                    || plugin.executions().anyMatch(e -> e.textOf("phase").isEmpty()))
        .map(this::withVersion);
  }

  /** Returns plugins that run up to the tests. */
  private Stream<MavenArtifact> plugins(Pom pom) {
    var bound =
        pom.plugins()
            .filter(
                plugin ->
                    plugin
                        .executions()
                        .flatMap(e -> e.textOf("phase").stream())
                        .anyMatch(UP_TO_TEST::contains))
            .map(this::withVersion);
    return JAVA.contains(pom.packaging())
        ? Stream.concat(LIFECYCLE.stream().map(this::ofLifecycle), bound)
        : bound;
  }

  private MavenArtifact ofLifecycle(String artifactId) {
    var artifact = new MavenArtifact(Pom.PLUGINS_GROUP, artifactId, "", MavenArtifact.JAR);
    return withVersion(artifact);
  }

  private MavenArtifact withVersion(Pom.Plugin plugin) {
    return withVersion(plugin.artifact());
  }

  /** Returns a plugin with the version that a POM of the checkout decides on, if one does. */
  MavenArtifact withVersion(MavenArtifact plugin) {
    return plugin.hasVersion() ? plugin : decided.getOrDefault(plugin.key(), plugin);
  }

  private Stream<MavenArtifact> extensions() {
    return checkout.read(".mvn/extensions.xml").flatMap(XmlNode::read).stream()
        .flatMap(node -> node.all("extension"))
        .map(
            node ->
                new MavenArtifact(
                    node.textOf("groupId").orElse(""),
                    node.textOf("artifactId").orElse(""),
                    node.textOf("version").orElse(""),
                    MavenArtifact.JAR));
  }

  private Optional<MavenArtifact> provider() {
    var hasTests =
        reactor.poms().entrySet().stream()
            .anyMatch(
                e ->
                    checkout.hasDirectory(e.getKey().resolveSibling("src/test/java").toString())
                        && e.getValue()
                            .dependencies()
                            .anyMatch(d -> TEST_GROUPS.contains(d.groupId())));
    if (!hasTests) {
      return Optional.empty();
    }
    var version = ofLifecycle(SUREFIRE).version();
    var providers =
        PROVIDERS.stream()
            .map(
                name ->
                    new MavenArtifact(
                        "org.apache.maven.surefire", name, version, MavenArtifact.JAR))
            .toList();
    return providers.stream().allMatch(repository::lacks)
        ? Optional.of(providers.get(0))
        : Optional.empty();
  }
}
