package dev.sandboxed.core.dockerfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.Image;
import dev.sandboxed.core.registry.ImageConfig;
import dev.sandboxed.core.tree.PathPattern;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Dockerfiles that nobody vouches for: an image, or a clear error with a line, and nothing else.
 */
class HostileDockerfilesTest {
  private static Path context = Path.of("");
  private static Path outside = Path.of("");

  @BeforeContainer
  static void fill() throws IOException {
    outside = Files.createTempDirectory("sandboxed-outside-");
    context = Files.createDirectory(outside.resolve("context"));
    Files.createDirectories(context.resolve("a/b"));
    Files.writeString(outside.resolve("secret"), "secret");
    Files.writeString(context.resolve("a/b/c"), "c");
    Files.createSymbolicLink(context.resolve("a/up"), Path.of("../.."));
    Files.createSymbolicLink(context.resolve("a/self"), Path.of("../a/b"));
    Files.createSymbolicLink(context.resolve("root"), Path.of("/"));
  }

  @AfterContainer
  static void remove() throws IOException {
    try (var files = Files.walk(outside)) {
      for (var file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(file);
      }
    }
  }

  @Property(tries = 3000)
  void no_text_does_harm(@ForAll("texts") String text) throws IOException {
    try {
      translate(text);
    } catch (DockerfileException e) {
      assertThat(e.getMessage()).startsWith(context.resolve("Dockerfile").toString());
      assertThat(e.getMessage().length()).isLessThan(2000);
    }
  }

  @Property(tries = 2000)
  void no_source_leads_out_of_the_context(@ForAll("paths") String path) throws IOException {
    try {
      var sources = new Context(context, IgnoreFile.parse("none", new byte[0])).find(path);
      for (var source : sources) {
        assertThat(source.file().toRealPath()).startsWith(context.toRealPath());
        assertThat(source.file()).isEqualTo(source.file().toRealPath());
      }
    } catch (Substitution.Malformed e) {
      assertThat(e.why()).contains("leads ");
    }
  }

  @Property(tries = 2000)
  void patterns_match_what_regular_expressions_do(
      @ForAll("patterns") String pattern, @ForAll("names") String name) throws IOException {
    assertThat(PathPattern.matches(pattern, name))
        .isEqualTo(name.matches(pattern.replace(".", "\\.").replace("*", ".*").replace("?", ".")));
    assertThat(PathPattern.of("**/" + pattern).matches(List.of("x", "y", name)))
        .isEqualTo(PathPattern.matches(pattern, name));
  }

  @Property(tries = 1)
  void patterns_cost_no_more_than_their_length_times_the_names() throws IOException {
    // With back-tracking this would take longer than the universe has lasted.
    assertThat(PathPattern.matches("a*".repeat(2000) + "b", "a".repeat(4000))).isFalse();
    var names = new ArrayList<String>();
    for (int i = 0; i < 500; i++) {
      names.add("a");
    }
    assertThat(PathPattern.of("**/a/".repeat(200) + "b").matches(names)).isFalse();
  }

  @Property(tries = 1)
  void what_is_too_large_is_refused() {
    assertThatThrownBy(() -> translate("#".repeat(DockerfileParser.MAX_TEXT + 1)))
        .hasMessageContaining("has more than 1,048,576 characters: refused");
    assertThatThrownBy(() -> translate("FROM a:1\n" + "RUN a\n".repeat(5000)))
        .hasMessageContaining("more than 5,000 instructions: refused");
    assertThatThrownBy(() -> translate("FROM a:1\n".repeat(201)))
        .hasMessageContaining("more than 200 stages: refused");
    assertThatThrownBy(() -> translate("FROM a:1\nENV A=" + "${A:-".repeat(20)))
        .hasMessageContaining("\"${\" has no end");
    assertThatThrownBy(() -> translate("FROM a:1\nENV A=" + "${A:-".repeat(20) + "}".repeat(20)))
        .hasMessageContaining("nested deeper than 16");
  }

  @Provide
  Arbitrary<String> texts() {
    var words =
        Arbitraries.of(
            "FROM ",
            "RUN ",
            "COPY ",
            "ADD ",
            "ENV ",
            "ARG ",
            "WORKDIR ",
            "USER ",
            "SHELL ",
            "ENTRYPOINT ",
            "CMD ",
            "HEALTHCHECK ",
            "scratch",
            "a:1",
            " AS ",
            "b",
            "--from=",
            "--chown=",
            "--mount=",
            "0",
            "<<EOF",
            "<<-\"E\"",
            "EOF",
            "\n",
            "\n",
            "\n",
            "\\\n",
            " ",
            "\\",
            "\"",
            "'",
            "[",
            "]",
            "[\"a\", \"b\"]",
            "$",
            "${",
            "}",
            ":-",
            "A",
            "A=",
            "=",
            "#",
            "# escape=`\n",
            "`",
            "../",
            "/",
            "*",
            "?",
            "a/up",
            "root",
            "a/self/c",
            "\t",
            "\u00e4",
            "\ud800",
            "\0",
            "\r\n",
            "..");
    return words
        .list()
        .ofMinSize(1)
        .ofMaxSize(60)
        .map(list -> "FROM a:1\n" + String.join("", list));
  }

  @Provide
  Arbitrary<String> paths() {
    return Arbitraries.of(
            "a", "b", "c", "up", "self", "root", "..", ".", "*", "?", "**", "context", "secret",
            "[a-u]*", "")
        .list()
        .ofMaxSize(7)
        .map(list -> String.join("/", list));
  }

  @Provide
  Arbitrary<String> patterns() {
    return Arbitraries.of("a", "b", ".", "*", "?")
        .list()
        .ofMinSize(1)
        .ofMaxSize(8)
        .map(list -> String.join("", list))
        .filter(pattern -> !pattern.equals(".") && !pattern.equals("**"));
  }

  @Provide
  Arbitrary<String> names() {
    return Arbitraries.of("a", "b", ".")
        .list()
        .ofMinSize(1)
        .ofMaxSize(8)
        .map(list -> String.join("", list));
  }

  private static void translate(String text) throws IOException {
    var file = context.resolve("Dockerfile");
    try {
      Files.writeString(file, text);
    } catch (CharacterCodingException e) {
      // Half a character cannot even be written.
      return;
    }
    DockerfileImages.translate(
        Image.dockerfile(file),
        "amd64",
        base -> new ImageConfig(Map.of("PATH", "/bin"), "/", Optional.empty(), List.of()));
  }
}
