package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.MemorySnapshot;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFiles;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.testkit.engine.EngineExecutionResults;

/** Tests that start from memory snapshots. */
class SnapshotModeTest {
  private static final List<Sandbox> SET_UP = new CopyOnWriteArrayList<>();
  private static final List<Sandbox> SEEN = new CopyOnWriteArrayList<>();
  private static final List<String> NOTED = new CopyOnWriteArrayList<>();

  @BeforeEach
  void forget() {
    SET_UP.clear();
    SEEN.clear();
    NOTED.clear();
  }

  /** Notes the sandbox of a test, which must see nothing of the others'. */
  private static void use(Sandbox sandbox) {
    SEEN.add(sandbox);
    assertThat(sandbox.exec("mkdir", "/tmp/used").await().stderr()).isEmpty();
  }

  private static List<String> ids(List<Sandbox> sandboxes) {
    return sandboxes.stream().map(Sandbox::id).distinct().toList();
  }

  private static List<MemorySnapshot> snapshots() {
    return SEEN.stream()
        .flatMap(sandbox -> sandbox.spec().snapshot().source().stream())
        .distinct()
        .toList();
  }

  private static List<String> reported(EngineExecutionResults results, String key) {
    return results
        .allEvents()
        .reportingEntryPublished()
        .map(e -> e.getRequiredPayload(ReportEntry.class).getKeyValuePairs())
        .flatMap(pairs -> Stream.ofNullable(pairs.get(key)))
        .toList();
  }

  @Sandboxed(
      command = {
        "sh",
        "-c",
        "echo $$ $(cat /proc/sys/kernel/random/uuid) > /tmp/boot; echo up; exec sleep infinity"
      },
      readyWhen = @Probe(log = "up"),
      snapshot = SnapshotMode.READY)
  @Retention(RetentionPolicy.RUNTIME)
  @interface BootedService {}

  @BootedService
  static class Ready {
    @RepeatedTest(3)
    void test(Sandbox sandbox) {
      use(sandbox);
      assertThat(sandbox.startup().ready()).isPresent();
      NOTED.add(sandbox.files().readText("/tmp/boot"));
    }

    @Test
    @Sandboxed(snapshot = SnapshotMode.NONE)
    void booted(Sandbox sandbox) {
      assertThat(NOTED).doesNotContain(sandbox.files().readText("/tmp/boot"));
    }
  }

  @Test
  void testsAreCopiesOfWhatWasReadyOnce() {
    // What no earlier run has booted.
    var fresh = Map.of(Sandboxed.ENV_PROPERTY_NAME, "RUN=" + UUID.randomUUID());
    var results = Engine.pass(Ready.class, fresh);

    assertThat(ids(SEEN)).hasSize(3);
    assertThat(NOTED).hasSize(3).containsOnly(NOTED.get(0));
    assertThat(reported(results, "sandbox startup")).hasSize(4);

    // A later run takes no new one.
    Engine.pass(Ready.class, fresh);
    assertThat(ids(SEEN)).hasSize(6);
    assertThat(NOTED).hasSize(6).containsOnly(NOTED.get(0));
  }

  @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP, ports = 8080)
  static class SetUp {
    @Sandboxed Sandbox second;
    @Sandboxed static Sandbox ofClass;

    @BeforeAll
    static void note() {
      NOTED.add("before all");
    }

    @SandboxSetup
    static void prepare(
        Sandbox sandbox,
        SandboxFiles files,
        @Tunnel(8080) InetSocketAddress tunnel,
        TestInfo info,
        @TempDir Path directory)
        throws Exception {
      SET_UP.add(sandbox);
      NOTED.add("set up " + info.getDisplayName());
      var local = Files.writeString(directory.resolve("words"), "one two");
      files.copyIn(local, "/tmp/words");
      assertThat(tunnel.getAddress().isLoopbackAddress()).isTrue();
      sandbox.exec("sh", "-c", "exec sleep infinity").start();
    }

    private static void startsFromThere(Sandbox sandbox) {
      use(sandbox);
      assertThat(sandbox.files().readText("/tmp/words")).isEqualTo("one two");
      // What ran goes on.
      assertThat(
              sandbox.exec("sh", "-c", "grep -l sleep /proc/[0-9]*/comm | wc -l").await().stdout())
          .isEqualTo("1\n");
    }

    @Test
    void one(Sandbox sandbox) {
      startsFromThere(sandbox);
      startsFromThere(second);
    }

    @RepeatedTest(2)
    void repeated(Sandbox sandbox) {
      startsFromThere(sandbox);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void parameterized(int number, SandboxFiles files, Sandbox sandbox) {
      startsFromThere(sandbox);
      assertThat(files.exists("/tmp/used")).isTrue();
    }

    @Nested
    class Inner {
      @Test
      void nested(Sandbox sandbox) {
        startsFromThere(sandbox);
        assertThat(ofClass.files().readText("/tmp/words")).isEqualTo("one two");
      }
    }
  }

  @Test
  void testsAreCopiesOfWhatWasSetUpOnce() {
    var results = Engine.pass(SetUp.class);

    assertThat(NOTED).hasSize(2).contains("before all").contains("set up SnapshotModeTest$SetUp");
    assertThat(ids(SEEN)).hasSize(7).doesNotContainAnyElementsOf(ids(SET_UP));
    assertThat(ids(SET_UP)).hasSize(1);
    assertThat(SET_UP.get(0).poll()).isPresent();
    assertThat(SEEN).allSatisfy(sandbox -> assertThat(sandbox.poll()).isPresent());
    assertThat(reported(results, "sandbox setup"))
        .singleElement()
        .asString()
        .matches(
            "Sandbox [a-z0-9-]+ of set-up of class \\[.*SetUp]: prepared in [0-9,]+ ms, started in"
                + " [0-9,]+ ms, answered in [0-9,]+ ms; set up in [0-9,]+ ms, snapshotted in"
                + " [0-9,]+ ms");
  }

  @Test
  void theSnapshotIsRemovedWithTheClass() {
    Engine.pass(SetUp.class);

    assertThat(snapshots())
        .singleElement()
        .satisfies(
            snapshot ->
                assertThatThrownBy(snapshot::start)
                    .isInstanceOf(SandboxException.class)
                    .hasMessageContaining(snapshot.id()));
  }

  @BootedService
  @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP)
  static class SetUpWhenReady {
    @SandboxSetup
    static void prepare(Sandbox sandbox) {
      assertThat(sandbox.startup().ready()).isPresent();
      sandbox.files().write("/tmp/boot", sandbox.files().readText("/tmp/boot") + "set up");
    }

    @RepeatedTest(2)
    void test(Sandbox sandbox) {
      use(sandbox);
      assertThat(sandbox.startup().ready()).isPresent();
      assertThat(sandbox.files().readText("/tmp/boot")).endsWith("set up");
    }
  }

  @Test
  void whatIsSetUpIsReadyBefore() {
    Engine.pass(SetUpWhenReady.class);
    assertThat(ids(SEEN)).hasSize(2);
  }

  private static void append(Sandbox sandbox, String word) {
    SET_UP.add(sandbox);
    var files = sandbox.files();
    files.write(
        "/tmp/words", (files.exists("/tmp/words") ? files.readText("/tmp/words") : "") + word);
  }

  interface Contract {
    @SandboxSetup
    static void ofInterface(Sandbox sandbox) {
      append(sandbox, "contract ");
    }
  }

  @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP)
  abstract static class Base implements Contract {
    @SandboxSetup
    static void base(Sandbox sandbox) {
      append(sandbox, "base ");
    }
  }

  static class Derived extends Base {
    @SandboxSetup
    static void derived(Sandbox sandbox) {
      append(sandbox, "derived ");
    }

    @Test
    void test(Sandbox sandbox) {
      use(sandbox);
      assertThat(sandbox.files().readText("/tmp/words")).isEqualTo("contract base derived ");
    }

    @Nested
    class Inner {
      @Test
      void test(Sandbox sandbox) {
        use(sandbox);
        assertThat(sandbox.files().readText("/tmp/words")).isEqualTo("contract base derived ");
      }
    }

    @Nested
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    class Further {
      private final String word = "further ";

      @SandboxSetup
      void further(Sandbox sandbox) {
        append(sandbox, word);
      }

      @RepeatedTest(2)
      void test(Sandbox sandbox) {
        use(sandbox);
        assertThat(sandbox.files().readText("/tmp/words"))
            .isEqualTo("contract base derived further ");
      }
    }
  }

  @Test
  void theMethodsOfSuperclassesAndEnclosingClassesComeFirst() {
    Engine.pass(Derived.class);

    assertThat(ids(SEEN)).hasSize(4);
    assertThat(ids(SET_UP)).hasSize(2);
  }

  @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP)
  static class SeveralKinds {
    @SandboxSetup
    static void prepare(Sandbox sandbox) {
      SET_UP.add(sandbox);
      assertThat(sandbox.exec("sh", "-c", "echo ${WHO-nobody} > /tmp/who").await().stderr())
          .isEmpty();
    }

    @RepeatedTest(2)
    void asTheClassSays(Sandbox sandbox) {
      use(sandbox);
      assertThat(sandbox.files().readText("/tmp/who")).isEqualTo("nobody\n");
    }

    @RepeatedTest(2)
    @Sandboxed(env = "WHO=me")
    void asTheMethodSays(Sandbox sandbox) {
      use(sandbox);
      assertThat(sandbox.files().readText("/tmp/who")).isEqualTo("me\n");
    }

    @Test
    @Sandboxed(snapshot = SnapshotMode.NONE)
    void withoutSetUp(Sandbox sandbox) {
      use(sandbox);
      assertThat(sandbox.files().exists("/tmp/who")).isFalse();
    }
  }

  @Test
  void eachKindOfSandboxIsSetUpOnce() {
    Engine.pass(SeveralKinds.class);

    assertThat(ids(SEEN)).hasSize(5);
    assertThat(ids(SET_UP)).hasSize(2);
    assertThat(snapshots()).hasSize(2);
  }

  @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP)
  static class InParallel {
    @SandboxSetup
    static void prepare(Sandbox sandbox) {
      SET_UP.add(sandbox);
    }

    @RepeatedTest(8)
    void test(Sandbox sandbox) {
      use(sandbox);
    }
  }

  @Test
  void parallelTestsWaitForOneSetUp() {
    Engine.pass(
            InParallel.class,
            Map.of(
                "junit.jupiter.execution.parallel.enabled", "true",
                "junit.jupiter.execution.parallel.mode.default", "concurrent",
                "junit.jupiter.execution.parallel.config.strategy", "fixed",
                "junit.jupiter.execution.parallel.config.fixed.parallelism", "4"))
        .testEvents()
        .assertStatistics(s -> s.succeeded(8));

    assertThat(new HashSet<>(ids(SEEN))).hasSize(8);
    assertThat(SET_UP).hasSize(1);
  }

  @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP)
  static class Failing {
    @SandboxSetup
    static void prepare(Sandbox sandbox) throws Exception {
      SET_UP.add(sandbox);
      sandbox.exec("sh", "-c", "echo no such table; exit 3").await();
      throw new Exception("no schema");
    }

    @RepeatedTest(2)
    void test(Sandbox sandbox) {
      throw new AssertionError("There is a sandbox: " + sandbox);
    }
  }

  @Test
  void aFailedSetUpFailsEachTestWithItsCause() {
    var failures =
        Engine.run(Failing.class).testEvents().failed().list().stream()
            .map(e -> e.getRequiredPayload(TestExecutionResult.class).getThrowable().orElseThrow())
            .map(Throwable::getCause)
            .toList();

    assertThat(SET_UP).singleElement().satisfies(s -> assertThat(s.poll()).isPresent());
    assertThat(failures)
        .hasSize(2)
        .allSatisfy(
            failure ->
                assertThat(failure)
                    .hasMessage(
                        "The set-up of class [%s] failed, so there is no sandbox:"
                            + " java.lang.Exception: no schema",
                        Failing.class.getName()));
    assertThat(failures.get(0)).cause().isSameAs(failures.get(1).getCause());
    assertThat(failures.get(0).getCause().getSuppressed())
        .singleElement()
        .asString()
        .contains("of set-up of class", "exit code 3", "no such table");
  }
}
