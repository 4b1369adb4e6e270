package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Sandbox;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Annotations that tests inherit, compose and refine. */
class InheritanceTest {

  @Sandboxed(env = {"BASE=1", "WHO=base"})
  abstract static class Base {}

  interface Contract {
    @Test
    default void inInterface(Sandbox sandbox) {
      assertThat(sandbox.exec("env").await().stdout()).contains("WHO=derived");
    }
  }

  @Sandboxed(env = "WHO=derived")
  static class Derived extends Base implements Contract {
    @Sandboxed(env = "FIELD=1")
    Sandbox field;

    @Test
    void ofClass(Sandbox sandbox) {
      assertThat(sandbox.exec("env").await().stdout()).contains("BASE=1\n", "WHO=derived\n");
    }

    @Test
    @Sandboxed(env = "WHO=method")
    void ofMethod(Sandbox sandbox, @Sandboxed(env = "OWN=1") Sandbox own) {
      assertThat(sandbox.spec().env()).containsEntry("BASE", "1").containsEntry("WHO", "method");
      assertThat(own.spec().env())
          .containsEntry("BASE", "1")
          .containsEntry("WHO", "method")
          .containsEntry("OWN", "1");
    }

    @Test
    void ofField() {
      assertThat(field.spec().env()).containsEntry("WHO", "derived").containsEntry("FIELD", "1");
    }

    @Nested
    class Inner {
      @Test
      void inherits(Sandbox sandbox) {
        assertThat(sandbox.spec().env()).containsEntry("WHO", "derived");
      }

      @Nested
      @Sandboxed(env = "WHO=innermost")
      class Innermost {
        @Test
        void refines(Sandbox sandbox) {
          assertThat(sandbox.spec().env())
              .containsEntry("BASE", "1")
              .containsEntry("WHO", "innermost");
          assertThat(field.spec().env()).containsEntry("WHO", "derived");
        }
      }
    }
  }

  @Test
  void refinesFromTheOuterToTheInner() {
    Engine.pass(Derived.class).testEvents().assertStatistics(s -> s.succeeded(6));
  }

  static class OnlyDerived extends Base {
    @Test
    void test(Sandbox sandbox) {
      assertThat(sandbox.spec().env()).containsEntry("WHO", "base");
    }
  }

  @Test
  void inheritsTheAnnotationOfASuperclass() {
    Engine.pass(OnlyDerived.class).testEvents().assertStatistics(s -> s.succeeded(1));
  }

  @Sandboxed(env = "WHO=composed")
  @Test
  @Retention(RetentionPolicy.RUNTIME)
  @interface SandboxedTest {}

  @Sandboxed(env = "WHO=untrusted")
  @Retention(RetentionPolicy.RUNTIME)
  @interface Untrusted {}

  static class Composed {
    @Untrusted Sandbox field;

    @SandboxedTest
    void test(Sandbox sandbox, @Untrusted Sandbox own) {
      assertThat(sandbox.spec().env()).containsEntry("WHO", "composed");
      assertThat(own.spec().env()).containsEntry("WHO", "untrusted");
      assertThat(field.spec().env()).containsEntry("WHO", "untrusted");
      assertThat(own.id()).isNotEqualTo(field.id());
    }
  }

  @Test
  void understandsComposedAnnotationsOnMethodsFieldsAndParameters() {
    Engine.pass(Composed.class).testEvents().assertStatistics(s -> s.succeeded(1));
  }

  static class OuterOfBase {
    @Nested
    class Inner extends Base {
      @Test
      void test(Sandbox sandbox) {
        assertThat(sandbox.spec().env()).containsEntry("WHO", "base");
      }
    }
  }

  @Test
  void appliesToANestedClassAlone() {
    Engine.pass(OuterOfBase.class).testEvents().assertStatistics(s -> s.succeeded(1));
  }
}
