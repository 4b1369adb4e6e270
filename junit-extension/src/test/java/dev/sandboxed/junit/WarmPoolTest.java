package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import dev.sandboxed.Image;
import dev.sandboxed.Sandbox;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.testkit.engine.EngineExecutionResults;

/** The sandboxes of the next tests are prepared while the current ones run. */
class WarmPoolTest {
  private static final List<String> IDS = Collections.synchronizedList(new ArrayList<>());
  private static final Pattern REPORT =
      Pattern.compile(
          "(\\d+) prepared ahead, (\\d+) discarded; asked for (\\d+) times: (\\d+) hits, (\\d+)"
              + " late, (\\d+) misses; hit rate (\\d+) %");

  /** What the report says. */
  private record Report(int prepared, int discarded, int asked, int hits, int late, int misses) {

    static Report of(String text) {
      var found = REPORT.matcher(text);
      assertThat(found.matches()).as(text).isTrue();
      assertThat(Integer.parseInt(found.group(7)))
          .isEqualTo(Math.round(100f * number(found.group(4)) / number(found.group(3))));
      return new Report(
          number(found.group(1)),
          number(found.group(2)),
          number(found.group(3)),
          number(found.group(4)),
          number(found.group(5)),
          number(found.group(6)));
    }

    private static int number(String text) {
      return Integer.parseInt(text);
    }

    int ahead() {
      return hits + late;
    }
  }

  @BeforeEach
  void forget() {
    IDS.clear();
  }

  @AfterEach
  void nothingIsLeft() {
    await().atMost(Duration.ofSeconds(60)).until(() -> keepers() == 0);
  }

  private static long keepers() {
    return ProcessHandle.current()
        .children()
        .filter(p -> commandLine(p).contains("/keeper"))
        .count();
  }

  private static String commandLine(ProcessHandle process) {
    try {
      return Files.readString(
          Path.of("/proc", Long.toString(process.pid()), "cmdline"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  private static List<Report> reported(EngineExecutionResults results) {
    return results
        .allEvents()
        .reportingEntryPublished()
        .map(e -> e.getRequiredPayload(ReportEntry.class).getKeyValuePairs())
        .flatMap(pairs -> Stream.ofNullable(pairs.get("sandbox pool")))
        .map(Report::of)
        .toList();
  }

  private static Report only(EngineExecutionResults results) {
    assertThat(reported(results)).hasSize(1);
    return reported(results).get(0);
  }

  /** Uses up a sandbox, which has to be fresh. */
  private static void use(Sandbox sandbox) {
    IDS.add(sandbox.id());
    assertThat(sandbox.exec("mkdir", "/tmp/used").await().stderr()).isEmpty();
    // The start of the next one is noticed.
    sandbox.exec("sleep", "0.2").await();
  }

  @Sandboxed
  static class Five {
    @Test
    void one(Sandbox sandbox) {
      use(sandbox);
    }

    @Test
    void two(Sandbox sandbox) {
      use(sandbox);
    }

    @Test
    void three(Sandbox sandbox) {
      use(sandbox);
    }

    @Test
    void four(Sandbox sandbox) {
      use(sandbox);
    }

    @Test
    void five(Sandbox sandbox) {
      use(sandbox);
    }

    @Test
    void needsNone() {}
  }

  @Test
  void givesEachTestASandboxOfItsOwnPreparedBefore() {
    var report = only(Engine.pass(Five.class));

    assertThat(IDS).hasSize(5).doesNotHaveDuplicates();
    assertThat(report.prepared()).isEqualTo(4);
    assertThat(report.ahead()).isEqualTo(4);
    assertThat(report.misses()).isEqualTo(1);
    assertThat(report.discarded()).isZero();
  }

  @Test
  void preparesNothingWhereItIsSwitchedOff() {
    var results = Engine.pass(Five.class, Map.of(Sandboxed.POOL_PROPERTY_NAME, "false"));

    assertThat(IDS).hasSize(5).doesNotHaveDuplicates();
    assertThat(reported(results)).isEmpty();
  }

  @Test
  void refusesASwitchThatIsNone() {
    var failed =
        Engine.run(Five.class, Map.of(Sandboxed.POOL_PROPERTY_NAME, "maybe")).testEvents().failed();
    assertThat(failed.count()).isEqualTo(5);
    assertThat(
            failed.stream()
                .findFirst()
                .flatMap(e -> e.getPayload(TestExecutionResult.class))
                .flatMap(TestExecutionResult::getThrowable)
                .orElseThrow())
        .hasRootCauseMessage("\"maybe\" is neither true nor false; write one of them")
        .hasStackTraceContaining(ExtensionConfigurationException.class.getName())
        .hasStackTraceContaining("sandboxed.pool = maybe");
  }

  @Sandboxed
  @TestMethodOrder(MethodOrderer.OrderAnnotation.class)
  static class Unhappy {
    @Test
    @Order(1)
    void fails(Sandbox sandbox) {
      use(sandbox);
      throw new AssertionError("fails");
    }

    @Test
    @Order(2)
    void aborts(Sandbox sandbox) {
      use(sandbox);
      Assumptions.abort("aborts");
    }

    @Test
    @Order(3)
    void ends(Sandbox sandbox) {
      use(sandbox);
      sandbox.terminate().join();
    }

    @Test
    @Order(4)
    void failsBeforeItsSandbox(String nothing, Sandbox sandbox) {
      use(sandbox);
    }

    @Test
    @Order(5)
    @Disabled("never runs")
    void isDisabled(Sandbox sandbox) {
      use(sandbox);
    }
  }

  @Test
  void leavesNothingOfTestsThatFailOrAbort() {
    var report = only(Engine.run(Unhappy.class));

    assertThat(IDS).hasSize(3).doesNotHaveDuplicates();
    assertThat(report.ahead()).isEqualTo(2);
    assertThat(report.prepared() - report.discarded()).isEqualTo(2);
  }

  @Sandboxed
  static class Parallel {
    @Sandboxed(env = "A=1")
    Sandbox field;

    @RepeatedTest(8)
    void test(Sandbox sandbox) {
      use(sandbox);
      use(field);
    }
  }

  @Test
  void givesParallelTestsSandboxesOfTheirOwn() {
    var parallel =
        Map.of(
            "junit.jupiter.execution.parallel.enabled", "true",
            "junit.jupiter.execution.parallel.mode.default", "concurrent",
            "junit.jupiter.execution.parallel.config.strategy", "fixed",
            "junit.jupiter.execution.parallel.config.fixed.parallelism", "3");
    var report = only(Engine.pass(Parallel.class, parallel));

    assertThat(IDS).hasSize(16).doesNotHaveDuplicates();
    assertThat(report.asked()).isEqualTo(16);
    assertThat(report.prepared()).isEqualTo(report.ahead() + report.discarded());
  }

  @Sandboxed(env = "A=outer")
  @TestMethodOrder(MethodOrderer.OrderAnnotation.class)
  static class Mixed {
    @Test
    @Order(1)
    void first(Sandbox sandbox) {
      assertThat(sandbox.spec().env()).containsEntry("A", "outer");
      use(sandbox);
    }

    @RepeatedTest(3)
    @Order(2)
    @Sandboxed(env = "A=own")
    void own(Sandbox sandbox) {
      assertThat(sandbox.spec().env()).containsEntry("A", "own");
      use(sandbox);
    }

    @Test
    @Order(3)
    void parameter(@Sandboxed(env = "B=parameter") Sandbox sandbox) {
      assertThat(sandbox.spec().env()).containsEntry("B", "parameter");
      use(sandbox);
    }

    @Test
    @Order(4)
    void last(Sandbox sandbox) {
      assertThat(sandbox.spec().env()).containsEntry("A", "outer").hasSize(1);
      use(sandbox);
    }

    @Nested
    class Inner {
      @Test
      void inner(Sandbox sandbox) {
        assertThat(sandbox.spec().env()).containsEntry("A", "outer");
        use(sandbox);
      }
    }
  }

  @Test
  void preparesWhatEachTestDeclares() {
    var report = only(Engine.pass(Mixed.class));

    assertThat(IDS).hasSize(7).doesNotHaveDuplicates();
    assertThat(report.asked()).isEqualTo(7);
    assertThat(report.prepared()).isEqualTo(3);
    assertThat(report.ahead()).isEqualTo(3);
  }

  static class Changing implements ImageFactory {
    private static final AtomicInteger MADE = new AtomicInteger();

    @Override
    public Image image() {
      return Image.host().env("MADE", "" + MADE.incrementAndGet());
    }
  }

  static class Unforeseen {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    @Sandboxed(imageFactory = Changing.class)
    void test(int number, Sandbox sandbox) {
      assertThat(sandbox.exec("sh", "-c", "echo $MADE").await().stdout())
          .isEqualTo(Changing.MADE + "\n");
      use(sandbox);
    }
  }

  @Test
  void givesUpWhatCannotBeForeseen() {
    var report = only(Engine.pass(Unforeseen.class));

    assertThat(Changing.MADE).hasValue(4);
    assertThat(report).isEqualTo(new Report(1, 1, 4, 0, 0, 4));
  }

  @Sandboxed(scope = SandboxScope.CLASS)
  static class SharedByAll {
    @Test
    void one(Sandbox sandbox) {
      IDS.add(sandbox.id());
    }

    @Test
    void two(Sandbox sandbox) {
      IDS.add(sandbox.id());
      assertThat(keepers()).isEqualTo(1);
    }
  }

  @Test
  void preparesNothingForSharedSandboxes() {
    assertThat(reported(Engine.pass(SharedByAll.class))).isEmpty();
    assertThat(IDS.get(0)).isEqualTo(IDS.get(1));
  }

  @Sandboxed(
      memory = "256m",
      command = {"python3", "-m", "http.server", "8080", "--directory", "/tmp"},
      readyWhen = @Probe(tcp = 8080))
  static class Service {
    @RepeatedTest(3)
    void test(Sandbox sandbox) {
      assertThat(sandbox.startup().ready()).isPresent();
      use(sandbox);
    }
  }

  @Test
  void startsServicesBeforeTheirTests() {
    var report = only(Engine.pass(Service.class));

    assertThat(IDS).hasSize(3).doesNotHaveDuplicates();
    assertThat(report.prepared()).isEqualTo(2);
    assertThat(report.ahead()).isEqualTo(2);
  }

  @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP)
  static class SetUp {
    @SandboxSetup
    static void prepare(Sandbox sandbox) {
      sandbox.files().write("/tmp/words", "one two");
    }

    @RepeatedTest(3)
    void test(Sandbox sandbox) {
      assertThat(sandbox.files().readText("/tmp/words")).isEqualTo("one two");
      sandbox.files().write("/tmp/words", "spoiled");
      use(sandbox);
    }
  }

  @Test
  void makesCopiesBeforeTheirTests() {
    var report = only(Engine.pass(SetUp.class));

    assertThat(IDS).hasSize(3).doesNotHaveDuplicates();
    assertThat(report.prepared()).isEqualTo(2);
    assertThat(report.ahead()).isEqualTo(2);
  }

  /** Runs tests as Maven, Gradle and IDEs do, by the launcher. */
  private static List<Report> launch(DiscoverySelector... selectors) {
    var reports = new ArrayList<Report>();
    var failures = new ArrayList<Throwable>();
    var listener =
        new TestExecutionListener() {
          @Override
          public void reportingEntryPublished(TestIdentifier test, ReportEntry entry) {
            Stream.ofNullable(entry.getKeyValuePairs().get("sandbox pool"))
                .map(Report::of)
                .forEach(reports::add);
          }

          @Override
          public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            result.getThrowable().ifPresent(failures::add);
          }
        };
    var request = LauncherDiscoveryRequestBuilder.request().selectors(selectors).build();
    try (var session = LauncherFactory.openSession()) {
      session.getLauncher().execute(request, listener);
    }
    assertThat(failures).isEmpty();
    return reports;
  }

  @Test
  void preparesOnlyForTestsThatWereChosen() {
    assertThat(launch(selectMethod(Five.class, "two", Sandbox.class.getName()))).isEmpty();
    assertThat(IDS).hasSize(1);
    assertThat(
            launch(
                selectMethod(Five.class, "two", Sandbox.class.getName()),
                selectMethod(Five.class, "needsNone"),
                selectMethod(Five.class, "four", Sandbox.class.getName())))
        .singleElement()
        .satisfies(r -> assertThat(r.prepared()).isEqualTo(1));
    assertThat(IDS).hasSize(3);
  }

  @Test
  void preparesForAllTestsOfAClassInALauncher() {
    assertThat(launch(selectClass(Five.class)))
        .singleElement()
        .satisfies(r -> assertThat(r.prepared()).isEqualTo(4))
        .satisfies(r -> assertThat(r.ahead()).isEqualTo(4));
  }
}
