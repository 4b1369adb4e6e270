package dev.sandboxed.realinput;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFilter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * A suite that nobody here wrote, of published jars, gives the same results when each of its tests
 * runs inside a sandbox as on the host. Nothing of it is changed: the extension is put on the class
 * path, and configuration parameters say the rest.
 */
class InsideSuiteTest {
  private static final String APP = "commons-lang3-inside";

  /** A handful in every build; {@code -Dreal.inside.tests=all} for all. */
  private static final String TESTS =
      System.getProperty("real.inside.tests", "BitFieldTest,CharSequenceUtilsTest,StopWatchTest");

  private static final boolean ALL = TESTS.equals("all");

  /** It asserts that two lines run within 100 µs, which not even the host promises. */
  private static final String OF_TIME =
      "org.apache.commons.lang3.concurrent.EventCountCircuitBreakerTest testNow";

  private static final String SCOPE = System.getProperty("real.inside.scope", "method");

  @Test
  void commonsLangGivesTheSameResultsInside() throws Exception {
    var upstream = Upstream.open(APP);
    try (var pom = Upstream.resource("commons-lang3-tests.pom.xml")) {
      Files.copy(pom, upstream.checkout().resolve("pom.xml"));
    }
    addResources(upstream);
    var command =
        upstream
            .maven(upstream.checkout())
            .with("surefire:test", "-Dmaven.test.failure.ignore=true")
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8");
    var suite = ALL ? command : command.with("-Dtest=" + TESTS);

    var host = suite.run();
    var outside = results(upstream, host, "host");

    Set<String> seen = ConcurrentHashMap.newKeySet();
    var watch = Executors.newSingleThreadScheduledExecutor();
    watch.scheduleWithFixedDelay(() -> addRunning(seen), 0, 20, TimeUnit.MILLISECONDS);
    Command.Result run;
    try {
      run =
          suite
              .with(
                  "-Dmaven.test.additionalClasspath=" + Upstream.extension(),
                  "-Dsandboxed.execution=inside",
                  "-Dsandboxed.scope=" + SCOPE,
                  "-Dsandboxed.app=" + APP,
                  // Some tests read files of the project.
                  "-Dsandboxed.mounts=.:/work",
                  // What the POM tells its JVM, other than language, encoding and what is open.
                  "-Dsandboxed.inside.systemProperties=java.locale.providers")
              .run();
    } finally {
      watch.shutdownNow();
    }
    var inside = results(upstream, run, "inside");

    var summary =
        "%s: %s. Whole commands: %.1f s on the host, %.1f s inside; %d sandboxes were seen"
            .formatted(APP, inside, host.seconds(), run.seconds(), seen.size());
    System.out.println(summary);
    Files.writeString(upstream.directory().resolve("summary.txt"), summary + "\n");
    assertThat(outside.differences(inside))
        .as(summary)
        .filteredOn(difference -> !difference.startsWith(OF_TIME + ": "))
        .isEmpty();
    assertThat(inside.size()).as(summary).isGreaterThanOrEqualTo(ALL ? 4600 : 30);
    assertThat(seen).as(summary).hasSizeGreaterThanOrEqualTo(10);
  }

  /** The jar holds them where the tests do not look for them. */
  private static void addResources(Upstream upstream) throws Exception {
    upstream.copyArtifact("org.apache.commons:commons-lang3:3.9:jar:tests");
    var unpacked = upstream.directory().resolve("tests");
    Upstream.unpackJar(upstream.directory().resolve("commons-lang3-3.9-tests.jar"), unpacked);
    var resources = upstream.checkout().resolve("src/test/resources");
    Files.createDirectories(resources);
    for (var name : new String[] {"lang-708-input.txt", "java.policy"}) {
      Files.move(unpacked.resolve(name), resources.resolve(name));
    }
  }

  private static void addRunning(Set<String> ids) {
    Sandbox.list(SandboxFilter.all().app(APP)).forEach(sandbox -> ids.add(sandbox.id()));
  }

  /** Takes the reports away, so that the next run has its own. */
  private static Results results(Upstream upstream, Command.Result run, String name)
      throws Exception {
    Files.writeString(upstream.directory().resolve(name + ".log"), run.output());
    Path reports = upstream.checkout().resolve("target/surefire-reports");
    assertThat(reports).as(Command.tail(run.output())).isNotEmptyDirectory();
    return Results.ofJunitXml(Files.move(reports, upstream.directory().resolve(name)));
  }
}
