package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFilter;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the sandboxes of tests are found by. */
class LabelsTest {
  private static final String HERE = LabelsTest.class.getName();

  @Sandboxed(
      app = "labels-test",
      tags = {"role=db", "of=class"})
  static class Labelled {
    @Test
    @Sandboxed(
        name = "database",
        tags = {"of=method", "empty="})
    void isFound(Sandbox sandbox) {
      try (var found = Sandbox.fromName("labels-test", "database")) {
        assertThat(found.id()).isEqualTo(sandbox.id());
      }
      assertThat(sandbox.tags())
          .isEqualTo(Map.of("role", "db", "of", "method", "empty", "", "build", "7"));
      assertThat(Sandbox.list(SandboxFilter.all().app("labels-test").tag("of", "method")))
          .singleElement()
          .satisfies(info -> assertThat(info.id()).isEqualTo(sandbox.id()));
    }

    @Test
    @Sandboxed(name = "database")
    void hasTheNameToo(Sandbox sandbox) {
      assertThat(sandbox.spec().labels().name()).contains("database");
      assertThat(sandbox.spec().labels().app()).isEqualTo("labels-test");
    }
  }

  @Test
  void are_set_and_the_nearest_count() {
    Engine.pass(
            Labelled.class,
            Map.of(
                Sandboxed.TAGS_PROPERTY_NAME, "build=7, of=configuration",
                Sandboxed.APP_PROPERTY_NAME, "elsewhere"))
        .testEvents()
        .assertStatistics(s -> s.succeeded(2));
  }

  @Sandboxed(app = "a b")
  static class BadApp extends TakesSandbox {}

  @Sandboxed(name = "-")
  static class BadName extends TakesSandbox {}

  @Sandboxed(tags = "role")
  static class BadTag extends TakesSandbox {}

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          BadApp  | @Sandboxed(app = "a b") on class [$BadApp]: "a b" is not a sandbox's app; use 1 to 63 letters, digits, '.', '_' and '-', beginning with a letter or a digit
          BadName | @Sandboxed(name = "-") on class [$BadName]: "-" is not a sandbox's name; use 1 to 63 letters, digits, '.', '_' and '-', beginning with a letter or a digit
          BadTag  | @Sandboxed(tags = "role") on class [$BadTag]: "role" is not a tag; write key=value
          """)
  void name_what_is_wrong_and_where(String fixture, String message) throws ClassNotFoundException {
    assertThat(Engine.fail(Class.forName(HERE + "$" + fixture)))
        .hasMessageEndingWith(message.replace("$", HERE + "$"));
  }
}
