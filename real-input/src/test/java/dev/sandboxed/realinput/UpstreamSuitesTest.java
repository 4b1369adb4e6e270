package dev.sandboxed.realinput;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.realinput.Suite.HostRun;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Suites that nobody here wrote give the same results inside as on the host, test by test.
 *
 * <p>Each is fetched by its ordinary client. Where a suite depends on its environment, both sides
 * get the same. Three of them are run in every build; {@code -Dreal.upstream.projects=all}, or
 * names separated by commas, runs them twice each, from an empty store of images, and writes a
 * table.
 */
class UpstreamSuitesTest {

  /** So that the first run of a project pays for its installation, and not for making the store. */
  @BeforeAll
  static void makeStore() throws Exception {
    if (UpstreamProjects.areMeasured()) {
      Upstream.remove(Upstream.store());
      var upstream = Upstream.open("nothing");
      upstream.goal("run", List.of()).with(settings()).with("-Dsandbox.command=true").check();
    }
  }

  @AfterAll
  static void removeStore() throws IOException {
    if (UpstreamProjects.areMeasured()) {
      Upstream.remove(Upstream.store());
      System.out.println(Files.readString(UpstreamTable.ofThisBuild().write()));
    }
  }

  static Stream<Named<UpstreamProject>> projects() {
    return UpstreamProjects.chosen().stream().map(project -> Named.of(project.name(), project));
  }

  @ParameterizedTest
  @MethodSource("projects")
  void givesTheSameResultsInside(UpstreamProject project) throws Exception {
    var upstream = Upstream.open(project.name());
    var suite = project.suite();
    suite.fetch(upstream);
    var copy = upstream.directory().resolve("host");
    Upstream.copyTree(upstream.checkout(), copy);
    var before = upstream.files();

    var host = suite.runOnHost(upstream, copy);
    Files.writeString(upstream.directory().resolve("host.log"), host.tests().output());
    assertThat(host.results().size())
        .as(() -> Command.tail(host.tests().output()))
        .isGreaterThanOrEqualTo(project.testsAtLeast());

    var first = GoalRun.of(upstream, suite, "first", settings());
    compare(project, host, first);
    if (UpstreamProjects.areMeasured()) {
      var second = GoalRun.of(upstream, suite, "second", settings());
      compare(project, host, second);
      UpstreamTable.ofThisBuild().add(project, host, first, second);
    }
    assertThat(upstream.files()).as("the checkout").isEqualTo(before);
    Upstream.remove(copy);
  }

  private static void compare(UpstreamProject project, HostRun host, GoalRun run) {
    var output = run.command().output();
    assertThat(output).as("the goal's output").contains("In a sandbox: ");
    var summary =
        "%s: %s. Whole commands: %.1f s on the host, %.1f s in the sandbox, of which the suite %.1f s"
            .formatted(
                project.name(),
                run.results(),
                host.tests().seconds(),
                run.command().seconds(),
                run.suite());
    System.out.println(summary);
    var differences = host.results().differences(run.results());
    for (var difference : differences) {
      project
          .reasonFor(difference)
          .ifPresent(reason -> System.out.println(difference + ", as it " + reason));
    }
    assertThat(differences)
        .as(() -> summary + "\n" + Command.tail(output))
        .filteredOn(difference -> project.reasonFor(difference).isEmpty())
        .isEmpty();
    assertThat(run.command().code() == 0)
        .as("the goal succeeds if and only if the suite does")
        .isEqualTo(run.results().broken() == 0);
  }

  private static String[] settings() {
    return UpstreamProjects.areMeasured()
        ? new String[] {"-Dsandboxed.cache=" + Upstream.store()}
        : new String[0];
  }
}
