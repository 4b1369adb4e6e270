package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Image;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.SandboxFiles;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What classes say about sandboxes that annotations cannot. */
class CustomizerTest {
  private static final String HERE = CustomizerTest.class.getName();

  /** Adds its name to a variable, so that the order shows. */
  abstract static class Named implements SandboxCustomizer {
    @Override
    public void customize(SandboxBuilder builder, ExtensionContext context) {
      var before = builder.build().env().getOrDefault("BY", "");
      builder.env("BY", (before + " " + getClass().getSimpleName()).strip());
    }
  }

  static class Configured extends Named {}

  static class OfComposed extends Named {}

  static class OfBase extends Named {}

  static class OfOuter extends Named {}

  static class OfInner extends Named {}

  static class OfMethod extends Named {
    private OfMethod() {}
  }

  @Sandboxed(customizer = OfComposed.class)
  @Retention(RetentionPolicy.RUNTIME)
  @interface Composed {}

  @Sandboxed(customizer = OfBase.class)
  static class Base {}

  @Composed
  @Sandboxed(customizer = OfOuter.class)
  static class Outer extends Base {
    @org.junit.jupiter.api.Nested
    @Sandboxed(customizer = OfInner.class, env = "BY=annotation")
    class Inner {
      @Test
      @Sandboxed(customizer = OfMethod.class)
      void seesAll(Sandbox sandbox) {
        assertThat(sandbox.exec("printenv", "BY").await().stdout())
            .isEqualTo("annotation Configured OfBase OfComposed OfOuter OfInner OfMethod\n");
      }
    }
  }

  @Test
  void all_are_applied_after_the_attributes_and_the_farthest_first() {
    Engine.pass(Outer.class, Map.of(Sandboxed.CUSTOMIZER_PROPERTY_NAME, HERE + "$Configured"))
        .testEvents()
        .assertStatistics(s -> s.succeeded(1));
  }

  static class Traced implements SandboxCustomizer {
    static final List<String> CONTEXTS = new ArrayList<>();

    @Override
    public void customize(SandboxBuilder builder, ExtensionContext context) {
      CONTEXTS.add(context.getDisplayName());
      builder.image(Image.host().env("MADE", "here")).workdir("/srv");
    }
  }

  @Sandboxed(
      customizer = Traced.class,
      files = @SandboxFile(content = "kept", target = "/srv/file"))
  static class WithContext {
    @Test
    void ofTheTest(Sandbox sandbox) {
      assertThat(sandbox.exec("printenv", "MADE").await().stdout()).isEqualTo("here\n");
      assertThat(sandbox.files().readText("file")).isEqualTo("kept");
    }

    @Test
    void ofTheClass(@Sandboxed(scope = SandboxScope.CLASS) SandboxFiles files) {
      assertThat(files.readText("file")).isEqualTo("kept");
    }
  }

  @Test
  void is_given_what_the_sandbox_lives_as_long_as_and_keeps_the_files() {
    Traced.CONTEXTS.clear();
    Engine.pass(WithContext.class).testEvents().assertStatistics(s -> s.succeeded(2));
    assertThat(Traced.CONTEXTS)
        .containsExactlyInAnyOrder("ofTheTest(Sandbox)", "CustomizerTest$WithContext");
  }

  abstract static class Abstract implements SandboxCustomizer {}

  @Sandboxed(customizer = Abstract.class)
  static class NoInstance {
    @Test
    void test(Sandbox sandbox) {}
  }

  static class SetsBadValue implements SandboxCustomizer {
    @Override
    public void customize(SandboxBuilder builder, ExtensionContext context) {
      builder.workdir("work");
    }
  }

  @Sandboxed(customizer = SetsBadValue.class)
  static class BadValue {
    @Test
    void test(Sandbox sandbox) {}
  }

  static class Thrower implements SandboxCustomizer {
    @Override
    public void customize(SandboxBuilder builder, ExtensionContext context) {
      throw new IllegalStateException("no licence");
    }
  }

  static class Throws {
    @Sandboxed(customizer = Thrower.class)
    Sandbox sandbox;

    @Test
    void test() {}
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          NoInstance | @Sandboxed(customizer = $Abstract.class) on class [$NoInstance]: no instance can be made of it; write a class that is not abstract, and static where it is within another
          BadValue   | @Sandboxed(customizer = $SetsBadValue.class) on class [$BadValue] failed: dev.sandboxed.InvalidSpecException: The working directory "work" is not an absolute, normalised path; write it like /work/src
          Throws     | @Sandboxed(customizer = $Thrower.class) on field [dev.sandboxed.Sandbox $Throws.sandbox] failed: java.lang.IllegalStateException: no licence
          """)
  void its_errors_name_the_place(String fixture, String message) throws ClassNotFoundException {
    assertThat(Engine.fail(Class.forName(HERE + "$" + fixture)))
        .isInstanceOfAny(
            ExtensionConfigurationException.class,
            org.junit.jupiter.api.extension.ParameterResolutionException.class)
        .hasMessageEndingWith(message.replace("$", HERE + "$"));
  }

  @Sandboxed
  static class Plain {
    @Test
    void test(Sandbox sandbox) {}
  }

  @ParameterizedTest
  @CsvSource({"no.such.Customizer", "java.lang.String"})
  void the_configuration_parameter_names_a_customizer(String name) {
    assertThat(Engine.fail(Plain.class, Map.of(Sandboxed.CUSTOMIZER_PROPERTY_NAME, name)))
        .hasMessageContaining(
            "sandboxed.customizer = %1$s, a configuration parameter: \"%1$s\" is not a class that"
                + " implements dev.sandboxed.junit.SandboxCustomizer: ",
            name)
        .hasMessageEndingWith("; write the name of one with its package");
  }
}
