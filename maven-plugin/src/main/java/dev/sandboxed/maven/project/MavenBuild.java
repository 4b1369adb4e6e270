package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Plans how a project is built by Maven. */
final class MavenBuild {
  private static final String SETTINGS = Layout.SCRATCH + "/settings.xml";
  private static final int SHOWN = 3;

  private final ChosenMaven maven;
  private final ChosenJdk jdk;
  private final MavenLinters linters;
  private final List<MavenArtifact> missing;
  private final MavenInstallation installation;
  private final boolean apart;

  /**
   * Makes it.
   *
   * @param warm whether Maven is to get warm; what it needs is then installed apart in any case, as
   *     memory is kept for what is installed
   */
  MavenBuild(Checkout checkout, Reactor reactor, ChosenMaven maven, ChosenJdk jdk, boolean warm) {
    this.maven = maven;
    this.jdk = jdk;
    var needs =
        new MavenNeeds(checkout, reactor, new LocalRepository(maven.caches().mavenRepository()));
    linters = MavenLinters.of(reactor, needs);
    missing = reactor.root().isEmpty() ? List.of() : needs.missing(linters.plugins());
    installation = new MavenInstallation(checkout, reactor, linters);
    apart = warm || !missing.isEmpty();
  }

  WarmUp warmUp() {
    return installation.warmUp(maven.command());
  }

  TestPlan plan(Inside inside) {
    var java = jdk.in(inside);
    var installed =
        apart
            && !inside.online()
            && inside.succeeds(List.of("test", "-e", MavenInstallation.DONE), Map.of());
    var steps = new ArrayList<Step>();
    if (apart && inside.online()) {
      steps.add(installation.step(maven.command(), inside));
    }
    steps.add(Step.of(Phase.TEST, "mvn test", command(inside, "test")));
    var found = new Linters();
    for (var linter : linters.all()) {
      if (missing.contains(linter.plugin()) && !inside.online() && !installed) {
        found.miss(linter.name(), Reactor.NAME);
      } else {
        found.add(linter.name(), Reactor.NAME, command(inside, linter.goal()));
      }
    }
    steps.addAll(found.steps());
    var notes = new ArrayList<>(maven.notes());
    notes.addAll(java.notes());
    notes.addAll(missing(inside.online() || installed));
    notes.addAll(found.notes());
    return new TestPlan(
        steps,
        env(java),
        new ReportSource.Tree(Set.of("surefire-reports", "failsafe-reports")),
        notes);
  }

  private List<String> missing(boolean installed) {
    if (missing.isEmpty()) {
      return List.of();
    }
    var some =
        missing.stream().limit(SHOWN).map(MavenArtifact::toString).collect(Collectors.joining(", "))
            + (missing.size() > SHOWN ? " and %d more".formatted(missing.size() - SHOWN) : "");
    return List.of(
        installed
            ? "What Maven needs is installed apart, as the local repository lacks " + some
            : "The local repository lacks %s: run Maven here once, or leave out -Dsandbox.install=caches"
                .formatted(some));
  }

  private static Map<String, String> env(ChosenJdk.Setting java) {
    var env = new LinkedHashMap<String, String>();
    // Fewer threads and less compiled code: that is quicker in gVisor. The host may have fetched
    // from a mirror, so the repository must not ask where its artifacts came from: the first of the
    // two properties is for Maven 3.8, the second for 3.9.
    env.put(
        "MAVEN_OPTS",
        "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dstyle.color=never"
            + " -Dmaven.repo.local="
            + Layout.MAVEN_REPOSITORY
            + " -Dmaven.legacyLocalRepo=true"
            + " -Daether.enhancedLocalRepository.trackingFilename=untracked.properties");
    env.putAll(java.env());
    return Map.copyOf(env);
  }

  /** Online, the settings that come with the network policy count; else none but these. */
  private List<String> command(Inside inside, String goal) {
    var mvn = maven.command();
    if (inside.online()) {
      return List.of(mvn, "-B", "-ntp", goal);
    }
    inside.write(
        SETTINGS,
        """
        <settings>
          <localRepository>%s</localRepository>
          <interactiveMode>false</interactiveMode>
          <offline>true</offline>
        </settings>
        """
            .formatted(Layout.MAVEN_REPOSITORY));
    return List.of(mvn, "-B", "-ntp", "-s", SETTINGS, "-gs", SETTINGS, goal);
  }
}
