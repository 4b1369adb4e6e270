package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import dev.sandboxed.Backends;
import dev.sandboxed.Sandbox;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;

/** Classes that are run on every backend that is present. */
class EveryBackendTest {
  private static final List<String> SEEN = new ArrayList<>();

  @BeforeEach
  void forget() {
    SEEN.clear();
    OtherBackend.CALLS.clear();
  }

  @EveryBackend
  @Sandboxed
  static class Plain {
    @Sandboxed Sandbox field;

    @Test
    void one(Sandbox sandbox) {
      SEEN.add(sandbox.exec("echo", "one").await().stdout());
      SEEN.add(field.exec("echo", "field").await().stdout());
    }

    @Nested
    class Inner {
      @Test
      void two(Sandbox sandbox) {
        SEEN.add(sandbox.exec("echo", "two").await().stdout());
      }
    }
  }

  @Test
  void runsTheClassOnEachUnderItsName() {
    var results = Engine.pass(Plain.class, Map.of("sandboxed.pool", "false"));

    results.testEvents().assertStatistics(s -> s.succeeded(4));
    assertThat(Backends.names()).containsExactly("gvisor", "other");
    assertThat(results.containerEvents().dynamicallyRegistered().stream())
        .extracting(e -> e.getTestDescriptor().getDisplayName())
        .contains("gvisor", "other");
    assertThat(SEEN).hasSize(6);
    assertThat(OtherBackend.CALLS.stream().filter("create"::equals)).hasSize(4);
  }

  @EveryBackend
  @Sandboxed(scope = SandboxScope.CLASS)
  static class SharedInARound {
    static final Set<String> IDS = new HashSet<>();

    @Test
    void one(Sandbox sandbox) {
      IDS.add(sandbox.id());
    }

    @Test
    void two(Sandbox sandbox) {
      IDS.add(sandbox.id());
    }
  }

  @Test
  void sharesASandboxInOneRoundOnly() {
    SharedInARound.IDS.clear();

    Engine.pass(SharedInARound.class).testEvents().assertStatistics(s -> s.succeeded(4));

    assertThat(SharedInARound.IDS).hasSize(2);
    assertThat(OtherBackend.CALLS.stream().filter("create"::equals)).hasSize(1);
  }

  @EveryBackend
  @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP)
  static class SetUp {
    @SandboxSetup
    static void load(Sandbox sandbox) {
      SEEN.add(sandbox.id());
      sandbox.files().write("/tmp/data", "loaded");
    }

    @Test
    void one(Sandbox sandbox) {
      assertThat(sandbox.files().readText("/tmp/data")).isEqualTo("loaded");
    }

    @Test
    void two(Sandbox sandbox) {
      assertThat(sandbox.files().readText("/tmp/data")).isEqualTo("loaded");
    }
  }

  @Test
  void setsUpOncePerRound() {
    Engine.pass(SetUp.class, Map.of("sandboxed.pool", "false"))
        .testEvents()
        .assertStatistics(s -> s.succeeded(4));

    assertThat(SEEN).hasSize(2).doesNotHaveDuplicates();
    // One that is set up, and a copy of it for each test.
    assertThat(OtherBackend.CALLS.stream().filter("create"::equals)).hasSize(3);
  }

  @EveryBackend
  static class OneNamed {
    @Test
    void runs(@Sandboxed(backend = "gvisor") Sandbox sandbox) {
      assertThat(sandbox.exec("true").await().isSuccess()).isTrue();
    }
  }

  @Test
  void leavesSandboxesOfANamedBackendAlone() {
    Engine.pass(OneNamed.class).testEvents().assertStatistics(s -> s.succeeded(2));

    assertThat(OtherBackend.CALLS).isEmpty();
  }

  @EveryBackend
  @EnabledIfSandboxAvailable
  static class WhereItCan {
    @Test
    void test() {}
  }

  @Test
  void asksEachBackendWhetherItCanRun() {
    Engine.pass(WhereItCan.class).testEvents().assertStatistics(s -> s.succeeded(2));

    assertThat(OtherBackend.CALLS).containsOnlyOnce("create");
  }

  @EveryBackend
  static class WhereItCannot {
    @Test
    @EnabledIfSandboxAvailable(backend = "none")
    void test() {
      fail();
    }
  }

  @Test
  void disablesTestsInEachRound() {
    Engine.run(WhereItCannot.class).testEvents().assertStatistics(s -> s.skipped(2).started(0));
  }

  @EveryBackend
  static class StaticField {
    @Sandboxed static Sandbox sandbox;

    @Test
    void test() {}
  }

  @EveryBackend
  @Sandboxed(scope = SandboxScope.CLASS)
  static class InBeforeAll {
    @BeforeAll
    static void prepare(Sandbox sandbox) {}

    @Test
    void test() {}
  }

  @EveryBackend
  @Sandboxed(scope = SandboxScope.CLASS)
  @TestInstance(TestInstance.Lifecycle.PER_CLASS)
  static class InConstructor {
    InConstructor(Sandbox sandbox) {}

    @Test
    void test() {}
  }

  @Test
  void rejectsSandboxesAroundTheRounds() {
    for (var fixture : List.of(StaticField.class, InBeforeAll.class, InConstructor.class)) {
      assertThat(cause(Engine.fail(fixture)))
          .isInstanceOf(ExtensionConfigurationException.class)
          .hasMessage(
              "class [%s] is run on every backend, and what JUnit runs once for all of them has no"
                  + " sandbox: @BeforeAll and @AfterAll methods, static fields, an instance for the"
                  + " whole class; ask for it in @BeforeEach, in an instance field or in the tests,"
                  + " with scope = SandboxScope.CLASS if they share one",
              fixture.getName());
    }
  }

  private static Throwable cause(Throwable failure) {
    return failure instanceof ExtensionConfigurationException ? failure : failure.getCause();
  }
}
