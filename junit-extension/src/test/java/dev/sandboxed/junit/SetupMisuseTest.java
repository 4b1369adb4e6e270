package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Sandbox;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What of snapshots has no meaning is told before any sandbox is started. */
class SetupMisuseTest {
  private static final String HERE = SetupMisuseTest.class.getName();

  private static Throwable configurationError(Class<?> fixture) {
    var failure = Engine.fail(fixture);
    var error = failure.getCause() == null ? failure : failure.getCause();
    assertThat(error).isInstanceOf(ExtensionConfigurationException.class);
    return error;
  }

  @Sandboxed(snapshot = SnapshotMode.READY)
  static class ReadyOfNothing extends TakesSandbox {}

  @Test
  void aSnapshotOfWhatIsReadyNeedsAProbe() {
    assertThat(configurationError(ReadyOfNothing.class))
        .hasMessage(
            "@Sandboxed(snapshot = READY) on class [%s$ReadyOfNothing]: snapshotWhenReady() needs"
                + " to know when the sandbox is ready; add readyWhen(...)",
            HERE);
  }

  @Sandboxed(snapshot = SnapshotMode.READY, secrets = "PATH", readyWhen = @Probe(tcp = 1))
  static class ReadyWithSecret extends TakesSandbox {}

  @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP, secrets = "PATH")
  static class SetUpWithSecret {
    @SandboxSetup
    static void prepare(Sandbox sandbox) {}

    @Test
    void test(Sandbox sandbox) {}
  }

  @ParameterizedTest
  @ValueSource(classes = {ReadyWithSecret.class, SetUpWithSecret.class})
  void nothingSecretIsWrittenToTheDisk(Class<?> fixture) {
    assertThat(configurationError(fixture))
        .hasMessageStartingWith("@Sandboxed(snapshot = ")
        .hasMessageContaining("on class [%s]: ".formatted(fixture.getName()))
        .hasMessageContaining("A sandbox with the secret PATH gives no memory snapshot");
  }

  @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP)
  static class NoMethod extends TakesSandbox {}

  @Test
  void aSnapshotAfterSetUpNeedsAMethod() {
    assertThat(configurationError(NoMethod.class))
        .hasMessage(
            "@Sandboxed(snapshot = AFTER_SETUP) on class [%1$s$NoMethod]: class [%1$s$NoMethod] has"
                + " no method that sets up what its tests start from; write a static one with"
                + " @SandboxSetup, or use SnapshotMode.READY",
            HERE);
  }

  @Sandboxed
  static class NoMode {
    @SandboxSetup
    static void prepare(Sandbox sandbox) {}

    @Test
    void test(Sandbox sandbox) {}
  }

  @Test
  void aMethodNeedsSandboxesThatAreCopied() {
    assertThat(Engine.fail(NoMode.class))
        .isInstanceOf(ExtensionConfigurationException.class)
        .hasMessage(
            "@SandboxSetup method [static void %1$s$NoMode.prepare(dev.sandboxed.Sandbox)] would"
                + " never run: set snapshot = SnapshotMode.AFTER_SETUP in @Sandboxed on class"
                + " [%1$s$NoMode], or use @BeforeEach",
            HERE);
  }

  static class OnlyOnAField {
    @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP)
    Sandbox field;

    @SandboxSetup
    static void prepare(Sandbox sandbox) {}

    @Test
    void test() {}
  }

  @Test
  void theClassMustBeAnnotatedForItsMethodToBeGivenASandbox() {
    assertThat(Engine.fail(OnlyOnAField.class))
        .isInstanceOf(ExtensionConfigurationException.class)
        .hasMessage(
            "@Sandboxed(snapshot = AFTER_SETUP) on field [dev.sandboxed.Sandbox"
                + " %1$s$OnlyOnAField.field]: put @Sandboxed on class [%1$s$OnlyOnAField], too,"
                + " whose methods with @SandboxSetup are given sandboxes only then",
            HERE);
  }

  @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP)
  static class OfAnInstance {
    @SandboxSetup
    void prepare(Sandbox sandbox) {}

    @Test
    void test(Sandbox sandbox) {}
  }

  @Test
  void aMethodOfAnInstanceNeedsOneForTheWholeClass() {
    assertThat(configurationError(OfAnInstance.class))
        .hasMessage(
            "@SandboxSetup method [void %1$s$OfAnInstance.prepare(dev.sandboxed.Sandbox)] must be"
                + " static, or class [%1$s$OfAnInstance] must have"
                + " @TestInstance(Lifecycle.PER_CLASS).",
            HERE);
  }

  @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP, scope = SandboxScope.CLASS)
  @TestInstance(TestInstance.Lifecycle.PER_CLASS)
  static class BeforeItsInstance {
    BeforeItsInstance(Sandbox sandbox) {}

    @SandboxSetup
    void prepare(Sandbox sandbox) {}

    @Test
    void test() {}
  }

  @Test
  void aMethodOfAnInstanceCannotRunForItsConstructor() {
    assertThat(configurationError(BeforeItsInstance.class))
        .hasMessage(
            "@SandboxSetup method [void %1$s$BeforeItsInstance.prepare(dev.sandboxed.Sandbox)] must"
                + " be static, because the constructor of class [%1$s$BeforeItsInstance] asks for a"
                + " sandbox already.",
            HERE);
  }

  @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP)
  static class PrivateMethod {
    @SandboxSetup
    @SuppressWarnings({"UnusedMethod", "UnusedVariable"}) // Nobody may call it.
    private static void prepare(Sandbox sandbox) {}

    @Test
    void test(Sandbox sandbox) {}
  }

  @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP)
  static class MethodWithAResult {
    @SandboxSetup
    static String prepare(Sandbox sandbox) {
      return sandbox.id();
    }

    @Test
    void test(Sandbox sandbox) {}
  }

  @Test
  void methodsLookLikeThoseOfTheirLifecycle() {
    assertThat(configurationError(PrivateMethod.class))
        .hasMessageStartingWith("@SandboxSetup method [private static void ")
        .hasMessageEndingWith("] must not be private.");
    assertThat(configurationError(MethodWithAResult.class))
        .hasMessageStartingWith("@SandboxSetup method [static java.lang.String ")
        .hasMessageEndingWith("] must not return a value.");
  }

  @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP)
  static class RunByJUnit {
    @BeforeAll
    @SandboxSetup
    static void prepare(Sandbox sandbox) {}

    @Test
    void test(Sandbox sandbox) {}
  }

  @Test
  void aMethodIsRunForTheSnapshotAlone() {
    assertThat(configurationError(RunByJUnit.class))
        .hasMessageStartingWith("parameter [dev.sandboxed.Sandbox sandbox] in method [static void ")
        .hasMessageEndingWith(
            "is of a method with @SandboxSetup, which runs once to set up what the tests start"
                + " from; leave its other annotations out");
  }
}
