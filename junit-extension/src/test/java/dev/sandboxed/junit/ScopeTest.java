package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Sandbox;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Which tests share a sandbox, and how long it lives. */
class ScopeTest {
  private static final List<Sandbox> SEEN = new ArrayList<>();

  @BeforeEach
  void forget() {
    SEEN.clear();
  }

  private static long distinct() {
    return SEEN.stream().distinct().count();
  }

  @Sandboxed(scope = SandboxScope.CLASS)
  static class SharedByAll {
    SharedByAll(Sandbox sandbox) {
      SEEN.add(sandbox);
    }

    @BeforeAll
    static void prepare(Sandbox sandbox) {
      SEEN.add(sandbox);
      assertThat(sandbox.exec("mkdir", "/tmp/prepared").await().isSuccess()).isTrue();
    }

    @Test
    void one(Sandbox sandbox) {
      SEEN.add(sandbox);
      assertThat(sandbox.exec("test", "-d", "/tmp/prepared").await().isSuccess()).isTrue();
    }

    @Nested
    class Inner {
      @Test
      void two(Sandbox sandbox) {
        SEEN.add(sandbox);
        assertThat(sandbox.poll()).isEmpty();
      }
    }

    @AfterAll
    static void cleanUp(Sandbox sandbox) {
      SEEN.add(sandbox);
      assertThat(sandbox.poll()).isEmpty();
    }
  }

  @Test
  void sharesOneSandboxInAClassAndItsNestedClasses() {
    Engine.pass(SharedByAll.class);

    assertThat(SEEN).hasSize(6);
    assertThat(distinct()).isEqualTo(1);
    assertThat(SEEN.get(0).poll()).isPresent();
  }

  @Sandboxed(scope = SandboxScope.CLASS, env = "A=outer")
  static class NestedWithItsOwn {
    @Test
    void outer(Sandbox sandbox) {
      SEEN.add(sandbox);
    }

    @Nested
    @Sandboxed(env = "B=inner")
    class Inner {
      @Test
      void one(Sandbox sandbox) {
        SEEN.add(sandbox);
      }

      @Test
      void two(Sandbox sandbox) {
        SEEN.add(sandbox);
        assertThat(sandbox.spec().env()).containsEntry("A", "outer").containsEntry("B", "inner");
      }
    }
  }

  @Test
  void givesANestedClassWithAnAnnotationASandboxOfItsOwn() {
    Engine.pass(NestedWithItsOwn.class);

    assertThat(SEEN).hasSize(3);
    assertThat(distinct()).isEqualTo(2);
  }

  @Sandboxed(scope = SandboxScope.CLASS)
  static class MethodWithItsOwn {
    @Test
    void one(Sandbox sandbox) {
      SEEN.add(sandbox);
    }

    @Test
    @Sandboxed(env = "A=1")
    void two(Sandbox sandbox) {
      SEEN.add(sandbox);
    }
  }

  @Test
  void givesAMethodWithAnAnnotationASandboxOfItsOwn() {
    Engine.pass(MethodWithItsOwn.class);

    assertThat(distinct()).isEqualTo(2);
  }

  @Sandboxed
  static class ByConfiguration {
    @Test
    void one(Sandbox sandbox) {
      SEEN.add(sandbox);
    }

    @Test
    void two(Sandbox sandbox) {
      SEEN.add(sandbox);
    }
  }

  @Test
  void takesTheScopeOfTheConfigurationWhereNoneIsSet() {
    Engine.pass(ByConfiguration.class, Map.of(Sandboxed.SCOPE_PROPERTY_NAME, "class"));

    assertThat(SEEN).hasSize(2);
    assertThat(distinct()).isEqualTo(1);
  }

  abstract static class Base {
    @Sandboxed static Sandbox forAll;

    @Test
    void test() {
      SEEN.add(forAll);
    }
  }

  static class First extends Base {}

  static class Second extends Base {}

  @Test
  void givesEachSubclassItsOwnSandboxInAnInheritedStaticField() {
    Engine.pass(First.class);
    Engine.pass(Second.class);

    assertThat(distinct()).isEqualTo(2);
  }

  @TestInstance(TestInstance.Lifecycle.PER_CLASS)
  static class OneInstance {
    @Sandboxed(scope = SandboxScope.CLASS)
    Sandbox shared;

    @Sandboxed Sandbox fresh;

    @BeforeAll
    void prepare() {
      SEEN.add(shared);
      assertThat(fresh).isNull();
    }

    @Test
    void one() {
      SEEN.add(shared);
      SEEN.add(fresh);
    }

    @Test
    void two() {
      SEEN.add(shared);
      SEEN.add(fresh);
    }
  }

  @Test
  void injectsTheFieldsOfOneInstanceForAllTests() {
    Engine.pass(OneInstance.class);

    assertThat(SEEN).hasSize(5).doesNotContainNull();
    assertThat(distinct()).isEqualTo(3);
  }

  @Sandboxed
  static class OuterFields {
    @Sandboxed Sandbox field;
    Sandbox constructed;

    OuterFields(Sandbox constructed) {
      this.constructed = constructed;
    }

    @Nested
    class Inner {
      @Test
      void test(Sandbox sandbox) {
        SEEN.add(field);
        SEEN.add(constructed);
        SEEN.add(sandbox);
        assertThat(field.poll()).isEmpty();
      }
    }
  }

  @Test
  void injectsWhatEnclosesANestedTest() {
    Engine.pass(OuterFields.class);

    assertThat(SEEN.get(1)).isSameAs(SEEN.get(2)).isNotSameAs(SEEN.get(0));
  }
}
