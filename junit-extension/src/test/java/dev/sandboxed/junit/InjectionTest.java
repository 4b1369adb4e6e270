package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.ExitReason;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFiles;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which parameters and fields get which sandbox. */
class InjectionTest {
  private static final List<Sandbox> SEEN = new ArrayList<>();

  @BeforeEach
  void forget() {
    SEEN.clear();
  }

  @Sandboxed
  static class Everywhere {
    Everywhere(Sandbox sandbox) {
      SEEN.add(sandbox);
    }

    @BeforeEach
    void before(Sandbox sandbox) {
      SEEN.add(sandbox);
    }

    @Test
    void test(Sandbox sandbox, SandboxFiles files) {
      SEEN.add(sandbox);
      files.write("/tmp/greeting", "hello");
      assertThat(sandbox.exec("cat", "/tmp/greeting").await().stdout()).isEqualTo("hello");
      assertThat(sandbox.poll()).isEmpty();
    }

    @AfterEach
    void after(Sandbox sandbox) {
      SEEN.add(sandbox);
    }
  }

  @Test
  void givesOneSandboxToAllParametersOfATestAndEndsItAfterwards() {
    Engine.pass(Everywhere.class);

    assertThat(SEEN).hasSize(4);
    assertThat(SEEN.stream().distinct()).hasSize(1);
    assertThat(SEEN.get(0).poll())
        .hasValueSatisfying(s -> assertThat(s.reason()).isEqualTo(ExitReason.TERMINATED));
  }

  @Sandboxed
  static class TwoTests {
    @Test
    void one(Sandbox sandbox) {
      use(sandbox);
    }

    @Test
    void two(Sandbox sandbox) {
      use(sandbox);
    }

    private static void use(Sandbox sandbox) {
      SEEN.add(sandbox);
      assertThat(sandbox.exec("mkdir", "/tmp/used").await().stderr()).isEmpty();
    }
  }

  @Test
  void givesEachTestAFreshSandbox() {
    Engine.pass(TwoTests.class);

    assertThat(SEEN.stream().map(Sandbox::id).distinct()).hasSize(2);
  }

  static class Fields {
    @Sandboxed static Sandbox forAll;
    @Sandboxed private Sandbox mine;
    @Sandboxed SandboxFiles files;

    @BeforeAll
    static void prepare() {
      SEEN.add(forAll);
    }

    @Test
    void one() {
      use();
    }

    @Test
    void two() {
      use();
    }

    private void use() {
      SEEN.add(forAll);
      SEEN.add(mine);
      assertThat(forAll.poll()).isEmpty();
      assertThat(files.exists("/usr")).isTrue();
    }
  }

  @Test
  void givesFieldsSandboxesOfTheirOwn() {
    Engine.pass(Fields.class);

    assertThat(SEEN).hasSize(5);
    assertThat(SEEN.stream().distinct()).hasSize(3);
    assertThat(SEEN.get(0)).isSameAs(SEEN.get(1)).isSameAs(SEEN.get(3));
    assertThat(SEEN).allSatisfy(s -> assertThat(s.poll()).isPresent());
  }

  @Sandboxed(env = "ROLE=shared")
  static class Several {
    @Sandboxed(env = "ROLE=field")
    Sandbox field;

    @BeforeEach
    void before(@Sandboxed(env = "ROLE=before") Sandbox own) {
      SEEN.add(own);
    }

    @Test
    void test(
        Sandbox shared,
        @Sandboxed(env = "ROLE=server") Sandbox server,
        @Sandboxed(env = "ROLE=client") Sandbox client) {
      SEEN.addAll(List.of(field, shared, server, client));
    }
  }

  @Test
  void givesEachAnnotatedParameterAndFieldItsOwnSettings() {
    Engine.pass(Several.class);

    assertThat(SEEN.stream().map(Sandbox::id).distinct()).hasSize(5);
    assertThat(SEEN.stream().map(s -> s.spec().env().get("ROLE")))
        .containsExactly("before", "field", "shared", "server", "client");
  }

  @Sandboxed(image = "directory:/nonexistent")
  static class Unused {
    @Test
    void test() {}
  }

  @Test
  void createsNoSandboxThatNobodyAsksFor() {
    Engine.pass(Unused.class);
  }

  @Sandboxed(image = "directory:/nonexistent")
  static class NotCreated {
    @Test
    void test(Sandbox sandbox) {}
  }

  @Test
  void failsTheTestWithTheMessageOfASandboxThatCannotBeCreated() {
    assertThat(Engine.fail(NotCreated.class))
        .hasMessageContaining("Failed to resolve parameter [dev.sandboxed.Sandbox sandbox]")
        .hasMessageContaining("/nonexistent")
        .satisfies(t -> assertThat(t).hasMessageEndingWith(t.getCause().getMessage()));
  }

  record AsRecord(@Sandboxed(env = "A=1") Sandbox sandbox) {
    @Test
    void test() {
      assertThat(sandbox.spec().env()).containsEntry("A", "1");
    }
  }

  @Test
  void injectsTheComponentsOfTestRecords() {
    Engine.pass(AsRecord.class);
  }

  static class ParametersForAll {
    @BeforeAll
    static void before(@Sandboxed Sandbox sandbox) {
      SEEN.add(sandbox);
    }

    @Test
    void test() {
      assertThat(SEEN.get(0).poll()).isEmpty();
    }

    @AfterAll
    static void after(@Sandboxed Sandbox sandbox) {
      SEEN.add(sandbox);
    }
  }

  @Test
  void keepsTheSandboxOfABeforeAllParameterAsLongAsTheClass() {
    Engine.pass(ParametersForAll.class);

    assertThat(SEEN).hasSize(2).allSatisfy(s -> assertThat(s.poll()).isPresent());
  }
}
