package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Projects with a build of Gradle. */
final class GradleEcosystem implements Ecosystem {
  private static final String WRAPPER = "gradlew";
  private final HostCaches caches;

  GradleEcosystem(HostCaches caches) {
    this.caches = caches;
  }

  @Override
  public Optional<Recognition> recognise(Checkout checkout) {
    return checkout
        .firstFile("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts")
        .map(
            evidence ->
                new Recognition(
                    "Gradle",
                    evidence,
                    List.of(),
                    caches.gradle(home(checkout)),
                    inside -> plan(checkout, inside)));
  }

  private TestPlan plan(Checkout checkout, Inside inside) {
    var distribution = GradleDistribution.of(checkout);
    var isThere = distribution.filter(d -> d.isIn(caches.gradleDistributions())).isPresent();
    var notes =
        isThere || distribution.isEmpty()
            ? List.<String>of()
            : List.of(
                "%s, which %s asks for, is not in %s, and is not downloaded: run ./gradlew here once. Instead, a gradle on the PATH is run"
                    .formatted(
                        distribution.get().name(),
                        GradleDistribution.PROPERTIES,
                        caches.gradleDistributions()));
    var command =
        isThere && checkout.hasFile(WRAPPER)
            // Whether or not its mode says that it is a program.
            ? List.of("sh", WRAPPER, "test")
            : List.of("gradle", "test");
    return new TestPlan(
        List.of(Step.of(Phase.TEST, "gradle test", arguments(command, inside))),
        env(home(checkout)),
        // Of build/test-results/test, where the task that is run writes them.
        new ReportSource.Tree(Set.of("test")),
        notes);
  }

  private static List<String> arguments(List<String> command, Inside inside) {
    var all = new ArrayList<>(command);
    all.addAll(List.of("--no-daemon", "--console=plain", "--continue"));
    if (!inside.online()) {
      all.add("--offline");
    }
    return all;
  }

  /**
   * Old versions keep absolute paths of what they have downloaded. Which one a {@code gradle} of
   * the path is, is not known.
   */
  private String home(Checkout checkout) {
    return GradleDistribution.of(checkout)
            .filter(GradleDistribution::isRelocatable)
            .filter(distribution -> distribution.isIn(caches.gradleDistributions()))
            .isPresent()
        ? Layout.GRADLE_HOME
        : caches.gradleHome().toString();
  }

  private static Map<String, String> env(String home) {
    var env = new LinkedHashMap<String, String>();
    env.put("GRADLE_USER_HOME", home);
    // Quicker in gVisor, as with Maven; what a build sets itself goes before.
    env.put("GRADLE_OPTS", "-XX:+UseSerialGC -XX:TieredStopAtLevel=1");
    return env;
  }
}
