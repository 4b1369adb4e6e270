package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFiles;
import dev.sandboxed.SandboxSpec;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Sandboxes that several test classes share, and when they end. */
class SharedScopeTest {
  private static final List<Sandbox> SEEN = Collections.synchronizedList(new ArrayList<>());

  @BeforeEach
  void forget() {
    SEEN.clear();
  }

  private static void use(Sandbox sandbox) {
    assertThat(sandbox.poll()).isEmpty();
    SEEN.add(sandbox);
  }

  /** Checks how many sandboxes were used, and that they are gone. */
  private static void assertSeen(int uses, int sandboxes) {
    assertThat(SEEN).hasSize(uses);
    assertThat(SEEN.stream().distinct()).hasSize(sandboxes);
    assertThat(SEEN).allSatisfy(s -> assertThat(s.poll()).isPresent());
  }

  @Sandboxed(scope = SandboxScope.HIERARCHY, env = "OF=base")
  abstract static class Base {
    @BeforeAll
    static void prepare(Sandbox sandbox) {
      use(sandbox);
    }

    @Test
    void inherited(Sandbox sandbox) {
      use(sandbox);
    }
  }

  static class First extends Base {
    First(Sandbox sandbox) {
      use(sandbox);
    }

    @Nested
    class Inner {
      @Test
      void nested(Sandbox sandbox) {
        use(sandbox);
      }
    }
  }

  @TestInstance(TestInstance.Lifecycle.PER_CLASS)
  static class Second extends Base {
    Second(Sandbox sandbox) {
      use(sandbox);
    }

    @RepeatedTest(2)
    void repeated(Sandbox sandbox) {
      use(sandbox);
    }
  }

  @Sandboxed(env = "MORE=own")
  static class Refined extends Base {
    @Test
    void hasItsOwn(Sandbox sandbox) {
      assertThat(sandbox.spec().env()).containsEntry("OF", "base").containsEntry("MORE", "own");
    }
  }

  @Test
  void sharesOneAmongTheHeirsOfAClass() {
    Engine.pass(List.of(First.class, Second.class), Map.of());

    assertSeen(10, 1);
  }

  @Test
  void givesAnHeirWithAnAnnotationAnotherOne() {
    Engine.pass(List.of(First.class, Refined.class), Map.of());

    assertSeen(7, 2);
  }

  @Sandboxed(scope = SandboxScope.HIERARCHY)
  interface Contract {
    @Test
    default void ofContract(Sandbox sandbox) {
      use(sandbox);
    }
  }

  static class OneSide implements Contract {}

  static class OtherSide implements Contract {}

  @Sandboxed(scope = SandboxScope.HIERARCHY)
  @Retention(RetentionPolicy.RUNTIME)
  @interface SharedByHeirs {}

  @SharedByHeirs
  static class Composed {
    @Test
    void composed(Sandbox sandbox) {
      use(sandbox);
    }
  }

  static class HeirOfComposed extends Composed {}

  @SharedByHeirs
  static class OtherComposed {
    @Test
    void composed(Sandbox sandbox) {
      use(sandbox);
    }
  }

  @Test
  void sharesOneAmongTheClassesOfAnInterface() {
    Engine.pass(List.of(OneSide.class, OtherSide.class), Map.of());

    assertSeen(2, 1);
  }

  @Test
  void sharesOneAmongTheHeirsOfEachClassWithAComposedAnnotation() {
    Engine.pass(List.of(Composed.class, HeirOfComposed.class, OtherComposed.class), Map.of());

    assertSeen(3, 2);
    assertThat(SEEN.get(0)).isSameAs(SEEN.get(1));
  }

  abstract static class BaseWithFields {
    @Sandboxed(scope = SandboxScope.HIERARCHY, env = "A=static")
    static Sandbox ofAll;

    @Sandboxed(scope = SandboxScope.HIERARCHY, env = "A=field")
    Sandbox field;

    @Test
    void test(
        @Sandboxed(scope = SandboxScope.HIERARCHY, env = "A=parameter") Sandbox parameter,
        @Sandboxed(scope = SandboxScope.METHOD) Sandbox fresh) {
      Stream.of(ofAll, field, parameter, fresh).forEach(SharedScopeTest::use);
    }
  }

  static class FirstWithFields extends BaseWithFields {}

  @TestInstance(TestInstance.Lifecycle.PER_CLASS)
  static class SecondWithFields extends BaseWithFields {
    @BeforeAll
    void isThereBeforeTheTests() {
      assertThat(field.poll()).isEmpty();
    }
  }

  @Sandboxed(workdir = "/tmp")
  static class ThirdWithFields extends BaseWithFields {}

  @Test
  void sharesThoseOfInheritedFieldsAndParametersWhereTheirSettingsAreEqual() {
    Engine.pass(
        List.of(FirstWithFields.class, SecondWithFields.class, ThirdWithFields.class), Map.of());

    assertSeen(12, 3 + 3 + 3);
  }

  @Sandboxed(scope = SandboxScope.EXECUTION, env = "A=1")
  static class OneUser {
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void parameterized(int number, Sandbox sandbox) {
      use(sandbox);
    }

    @TestFactory
    Stream<DynamicTest> dynamic(Sandbox sandbox) {
      return Stream.of(dynamicTest("one", () -> use(sandbox)));
    }

    @Test
    @Sandboxed(scope = SandboxScope.EXECUTION)
    void saysItAgain(Sandbox sandbox) {
      use(sandbox);
    }
  }

  @ParameterizedClass
  @ValueSource(strings = {"a", "b"})
  static class OtherUser {
    @Sandboxed(scope = SandboxScope.EXECUTION, env = "A=1")
    static Sandbox ofAll;

    @Sandboxed(scope = SandboxScope.EXECUTION, env = "A=1")
    SandboxFiles files;

    OtherUser(String text) {
      assertThat(text).isNotEmpty();
    }

    @Test
    void test() {
      use(ofAll);
      files.append("/tmp/seen", "x");
    }

    @Test
    @Sandboxed(scope = SandboxScope.EXECUTION, env = "A=2")
    void wantsAnother(Sandbox sandbox) {
      use(sandbox);
    }

    @Test
    @Sandboxed(env = "A=1")
    void wantsAFreshOne(Sandbox sandbox) {
      assertThat(sandbox).isNotSameAs(ofAll);
      use(sandbox);
    }
  }

  @Test
  void sharesThoseOfEqualSettingsInOneExecution() {
    Engine.pass(List.of(OneUser.class, OtherUser.class), Map.of());
    assertSeen(4 + 6, 1 + 1 + 2);

    Engine.pass(OneUser.class);
    assertSeen(4 + 6 + 4, 1 + 1 + 2 + 1);
  }

  @Test
  void createsOneForParallelClasses() {
    Engine.pass(
        List.of(OneUser.class, OtherUser.class, First.class, Second.class),
        Map.of(
            "junit.jupiter.execution.parallel.enabled", "true",
            "junit.jupiter.execution.parallel.mode.default", "concurrent",
            "junit.jupiter.execution.parallel.config.strategy", "fixed",
            "junit.jupiter.execution.parallel.config.fixed.parallelism", "4"));

    assertSeen(4 + 6 + 10, 1 + 1 + 2 + 1);
  }

  @Sandboxed
  static class ByConfiguration {
    @Sandboxed static Sandbox ofAll;

    @Test
    void test(Sandbox sandbox) {
      use(sandbox);
      use(ofAll);
    }
  }

  private static void execute(LauncherSession session, Class<?> fixture, String scope) {
    var failures = new ArrayList<TestExecutionResult>();
    session
        .getLauncher()
        .execute(
            LauncherDiscoveryRequestBuilder.request()
                .selectors(DiscoverySelectors.selectClass(fixture))
                .configurationParameter(Sandboxed.SCOPE_PROPERTY_NAME, scope)
                .build(),
            new Failures(failures));
    assertThat(failures).isEmpty();
  }

  @Test
  void sharesOneInASessionOfTheLauncherWhateverItExecutes() {
    try (var session = LauncherFactory.openSession()) {
      execute(session, ByConfiguration.class, "session");
      execute(session, ByConfiguration.class, "Session");
      assertThat(SEEN.get(0).poll()).isEmpty();
      assertThat(SEEN).hasSize(4).containsOnly(SEEN.get(0));

      execute(session, ByConfiguration.class, "execution");
      execute(session, ByConfiguration.class, "execution");
    }

    assertSeen(8, 3);
  }

  static class Limited {
    @Test
    void test(
        @Sandboxed(scope = SandboxScope.EXECUTION) Sandbox unlimited,
        @Sandboxed(scope = SandboxScope.EXECUTION, timeout = "5m") Sandbox limited) {
      assertThat(unlimited.spec().timeout()).isEqualTo(SandboxSpec.MAX_TIMEOUT);
      assertThat(limited.spec().timeout()).isEqualTo(Duration.ofMinutes(5));
    }
  }

  @Test
  void livesAsLongAsItMayUnlessItIsSaid() {
    Engine.pass(Limited.class);
  }

  @Sandboxed(scope = SandboxScope.EXECUTION)
  static class Terminating {
    @RepeatedTest(2)
    void test(Sandbox sandbox) {
      use(sandbox);
      sandbox.terminate().join();
    }
  }

  @Test
  void replacesOneThatHasEnded() {
    Engine.pass(Terminating.class);

    assertSeen(2, 2);
  }

  static class Joined {
    @Sandboxed(scope = SandboxScope.HIERARCHY, joinAs = "db", ports = 5432)
    static Sandbox db;

    @Sandboxed(scope = SandboxScope.HIERARCHY, joinAs = "app")
    static Sandbox app;

    @Test
    void test() {
      use(app);
      assertThat(app.exec("getent", "hosts", "db").await().isSuccess()).isTrue();
    }
  }

  static class HeirOfJoined extends Joined {}

  @Test
  void joinsThoseOfOneHierarchy() {
    Engine.pass(List.of(Joined.class, HeirOfJoined.class), Map.of());

    assertSeen(2, 1);
  }

  @Sandboxed(scope = SandboxScope.EXECUTION)
  static class Failing {
    @Test
    void test(Sandbox sandbox) {
      use(sandbox);
      sandbox.exec("echo", "shown").await();
      throw new IllegalStateException("failed");
    }
  }

  static class FailingWithoutIt {
    @Test
    void test(@Sandboxed Sandbox sandbox) {
      sandbox.exec("echo", "own").await();
      throw new IllegalStateException("failed");
    }
  }

  @Test
  void isShownInTheFailuresOfThoseThatHaveIt() {
    var failed =
        Engine.run(List.of(Failing.class, FailingWithoutIt.class), Map.of())
            .testEvents()
            .failed()
            .map(e -> e.getRequiredPayload(TestExecutionResult.class).getThrowable().orElseThrow())
            .map(t -> t.getSuppressed()[0].getMessage())
            .toList();

    assertSeen(1, 1);
    assertThat(failed)
        .hasSize(2)
        .anySatisfy(
            text ->
                assertThat(text)
                    .contains(" of the execution of all tests, running; ", "echo shown: exit code"))
        .anySatisfy(text -> assertThat(text).contains("echo own").doesNotContain("shown"));
  }

  @Sandboxed(scope = SandboxScope.EXECUTION, image = "directory:/nonexistent")
  static class NotCreated {
    @RepeatedTest(2)
    void test(Sandbox sandbox) {}
  }

  @Test
  void failsEachTestThatAsksForOneThatCannotBeCreated() {
    Engine.run(NotCreated.class).testEvents().assertStatistics(s -> s.started(2).failed(2));
  }

  @Sandboxed(scope = SandboxScope.HIERARCHY, snapshot = SnapshotMode.AFTER_SETUP)
  static class SetUp {
    @SandboxSetup
    static void prepare() {}

    @Test
    void test(Sandbox sandbox) {}
  }

  @Test
  void rejectsWhatNoClassCanSetUp() {
    assertThat(Engine.fail(SetUp.class))
        .hasMessageEndingWith(
            "@Sandboxed(snapshot = AFTER_SETUP) on class [%s] cannot work with the scope HIERARCHY,"
                + " because the sandbox belongs to no class that could set it up; use"
                + " SandboxScope.CLASS or METHOD, or SnapshotMode.READY",
            SetUp.class.getName());
  }

  static class HierarchyOfMethod {
    @Test
    @Sandboxed(scope = SandboxScope.HIERARCHY)
    void test(Sandbox sandbox) {}
  }

  @Test
  void rejectsTheScopeOfAHierarchyOnATestMethod() {
    assertThat(Engine.fail(HierarchyOfMethod.class))
        .hasMessageEndingWith(
            ": @Sandboxed(scope = HIERARCHY) on method [void %s.test(dev.sandboxed.Sandbox)] cannot"
                + " work, because its sandbox is its own; leave out the scope, or put the"
                + " annotation on the class",
            HierarchyOfMethod.class.getName());
  }
}
