package dev.sandboxed.maven.project;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Projects with a {@code pom.xml}. */
final class MavenEcosystem implements Ecosystem {
  private static final String SETTINGS = Layout.SCRATCH + "/settings.xml";
  private final HostCaches caches;

  MavenEcosystem(HostCaches caches) {
    this.caches = caches;
  }

  @Override
  public Optional<Recognition> recognise(Checkout checkout) {
    return checkout.hasFile("pom.xml")
        ? Optional.of(
            new Recognition(
                "Maven",
                "pom.xml",
                checkout.files("pom.xml", ".mvn/extensions.xml", ".mvn/maven.config"),
                caches.maven(),
                this::plan))
        : Optional.empty();
  }

  private TestPlan plan(Inside inside) {
    var mvn = caches.mountsMavenHome() ? Layout.MAVEN_HOME + "/bin/mvn" : "mvn";
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
    return new TestPlan(
        List.of(Step.of(Phase.TEST, "mvn test", command(mvn, inside))),
        Map.copyOf(env),
        new ReportSource.Tree(Set.of("surefire-reports", "failsafe-reports")));
  }

  /** Online, the settings that come with the network policy count; else none but these. */
  private static List<String> command(String mvn, Inside inside) {
    if (inside.online()) {
      return List.of(mvn, "-B", "-ntp", "test");
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
    return List.of(mvn, "-B", "-ntp", "-s", SETTINGS, "-gs", SETTINGS, "test");
  }
}
