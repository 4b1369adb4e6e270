package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import dev.sandboxed.Sandbox;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.testkit.engine.EngineExecutionResults;

/** Tests are disabled where no sandbox can run, and where it is asked for they fail. */
class EnabledIfSandboxAvailableTest {
  private static final String MISSING =
      "The sandbox backend \"none\" is not on the class path (found: gvisor, other); add the"
          + " dependency dev.sandboxed:sandboxed-gvisor";

  @TempDir Path directory;

  @Sandboxed
  @EnabledIfSandboxAvailable
  static class Plain {
    @Test
    void runs(Sandbox sandbox) {
      assertThat(sandbox.exec("true").await().isSuccess()).isTrue();
    }
  }

  @Test
  void runsTestsWhereSandboxesRun() {
    Engine.pass(Plain.class).testEvents().assertStatistics(s -> s.succeeded(1));
  }

  @EnabledIfSandboxAvailable(backend = "none")
  static class OnNone {
    @BeforeAll
    static void neverRuns() {
      fail();
    }

    @Test
    void test() {
      fail();
    }

    @Nested
    class Inner {
      @Test
      void test() {
        fail();
      }
    }
  }

  static class InheritsNone extends OnNone {}

  @Test
  void disablesAClassAndSaysWhy() {
    assertThat(skipped(Engine.run(OnNone.class))).containsExactly(MISSING);
    assertThat(skipped(Engine.run(InheritsNone.class))).containsExactly(MISSING);
    assertThat(skipped(Engine.run(Plain.class, Map.of("sandboxed.backend", "none"))))
        .containsExactly(MISSING);
  }

  @Test
  void saysWhatIsMissingAndHowToMendIt() {
    var runsc = directory.resolve("no-runsc").toString();
    System.setProperty("sandboxed.runsc", runsc);
    try {
      assertThat(skipped(Engine.run(Plain.class))).singleElement().asString().contains(runsc);
    } finally {
      System.clearProperty("sandboxed.runsc");
    }
  }

  static class OneOfTwo {
    @Test
    @EnabledIfSandboxAvailable(backend = "none")
    void cannot() {
      fail();
    }

    @Test
    void can() {}
  }

  @Test
  void disablesASingleMethod() {
    var results = Engine.run(OneOfTwo.class);

    assertThat(skipped(results)).containsExactly(MISSING);
    results.testEvents().assertStatistics(s -> s.succeeded(1).failed(0).skipped(1));
  }

  @Test
  void failsWhereSandboxesAreRequired() {
    assertThat(Engine.fail(OnNone.class, Map.of("sandboxed.required", "true")))
        .hasMessageContaining(MISSING)
        .hasMessageContaining(
            "The configuration parameter sandboxed.required = true lets this fail, where the test"
                + " would be disabled otherwise.");
    assertThat(skipped(Engine.run(OnNone.class, Map.of("sandboxed.required", "false"))))
        .containsExactly(MISSING);
  }

  @Test
  void rejectsARequirementThatIsNoBoolean() {
    assertThat(Engine.fail(OnNone.class, Map.of("sandboxed.required", "yes")))
        .hasMessageContaining(
            "sandboxed.required, a configuration parameter: \"yes\" is neither true nor false;"
                + " write one of them");
  }

  static class Several {
    @EnabledIfSandboxAvailable(backend = OtherBackend.NAME)
    @Nested
    class First {
      @Test
      void one() {}

      @Test
      @EnabledIfSandboxAvailable(backend = OtherBackend.NAME)
      void two() {}
    }

    @EnabledIfSandboxAvailable(backend = OtherBackend.NAME)
    @Nested
    class Second {
      @Test
      void three() {}
    }
  }

  @Test
  void asksOncePerRun() {
    var before = created();

    Engine.pass(Several.class).testEvents().assertStatistics(s -> s.succeeded(3));

    assertThat(created() - before).isEqualTo(1);
  }

  private static long created() {
    return OtherBackend.CALLS.stream().filter("create"::equals).count();
  }

  static class WithGpu {
    @Test
    @EnabledIfSandboxAvailable(gpu = 1, gpuModel = "Unheard-of")
    void test() {
      fail();
    }
  }

  @Test
  void disablesWhatNeedsOtherGpus() {
    assertThat(skipped(Engine.run(WithGpu.class)))
        .singleElement()
        .asString()
        .containsAnyOf("Unheard-of", "GPU");
  }

  @EnabledIfSandboxAvailable(gpuModel = "H200")
  static class ModelWithoutNumber {
    @Test
    void test() {}
  }

  @EnabledIfSandboxAvailable(gpu = -1)
  static class NegativeNumber {
    @Test
    void test() {}
  }

  @Test
  void rejectsWhatHasNoMeaning() {
    var here = EnabledIfSandboxAvailableTest.class.getName();

    assertThat(Engine.fail(ModelWithoutNumber.class))
        .hasMessageContaining(
            "@EnabledIfSandboxAvailable(gpu = 0, gpuModel = \"H200\") on class"
                + " [%s$ModelWithoutNumber]: no GPU is asked for; set gpu = 1, or more, beside"
                + " gpuModel",
            here);
    assertThat(Engine.fail(NegativeNumber.class))
        .hasMessageContaining(
            "@EnabledIfSandboxAvailable(gpu = -1, gpuModel = \"\") on class [%s$NegativeNumber]:"
                + " The number of GPUs is -1; it must be from 1 to 64",
            here);
  }

  private static List<String> skipped(EngineExecutionResults results) {
    assertThat(results.allEvents().failed().list()).isEmpty();
    return results.allEvents().skipped().stream()
        .map(e -> e.getPayload(String.class).orElseThrow())
        .toList();
  }
}
