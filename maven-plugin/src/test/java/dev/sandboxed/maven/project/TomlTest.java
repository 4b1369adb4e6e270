package dev.sandboxed.maven.project;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TomlTest {
  @Test
  void readsTablesAndLists() {
    var root =
        Toml.parse(
                """
                [project]
                name = "sample"
                dependencies = ["a>=1", "b"]
                [project.optional-dependencies]
                test = ["c"]
                [[tool.list]]
                table = {inner = {list = ["x", ["y"]]}}
                [[tool.list]]
                number = 3
                date = 2026-01-02
                flag = true
                """)
            .orElseThrow();
    assertThat(root.path("project").path("name").asString("")).isEqualTo("sample");
    assertThat(root.path("project").path("dependencies").path(1).asString("")).isEqualTo("b");
    assertThat(root.path("project").path("optional-dependencies").propertyNames())
        .containsExactly("test");
    var list = root.path("tool").path("list");
    assertThat(list.path(0).path("table").path("inner").path("list").path(1).path(0).asString(""))
        .isEqualTo("y");
    assertThat(list.path(1).propertyNames()).containsExactly("number", "date", "flag");
    assertThat(list.path(1).path("flag").asBoolean()).isTrue();
    assertThat(list.path(1).path("number").isString()).isFalse();
  }

  @Test
  void readsNothingFromWhatIsNoToml() {
    assertThat(Toml.parse("[project")).isEmpty();
    assertThat(Toml.parse("a = " + "[".repeat(100_000))).isEmpty();
    assertThat(Toml.parse("")).hasValueSatisfying(root -> assertThat(root.isObject()).isTrue());
  }
}
