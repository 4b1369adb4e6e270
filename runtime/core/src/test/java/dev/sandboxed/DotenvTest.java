package dev.sandboxed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DotenvTest {

  @Test
  void readsTheFormsThatPeopleWrite() {
    var text =
        """
        # a comment
        PLAIN=value
          export  EXPORTED = with blanks around \t
        export=itself
        EMPTY=
        COMMENT=a#b # not this
        ONLY_COMMENT= # nothing
        URL=https://user:p%20w@host/?a=b&c='d'
        SINGLE='as it is: \\n $HOME "x" #'   # comment
        DOUBLE="tab\\tline\\nquote\\" dollar\\$ backslash\\\\ other\\d"
        KEY="-----BEGIN-----
        two = 'lines'
        -----END-----"
        _x1='last'\
        """;
    assertThat(Dotenv.parse(".env", "\uFEFF" + text))
        .containsExactly(
            Map.entry("PLAIN", "value"),
            Map.entry("EXPORTED", "with blanks around"),
            Map.entry("export", "itself"),
            Map.entry("EMPTY", ""),
            Map.entry("COMMENT", "a#b"),
            Map.entry("ONLY_COMMENT", ""),
            Map.entry("URL", "https://user:p%20w@host/?a=b&c='d'"),
            Map.entry("SINGLE", "as it is: \\n $HOME \"x\" #"),
            Map.entry("DOUBLE", "tab\tline\nquote\" dollar$ backslash\\ other\\d"),
            Map.entry("KEY", "-----BEGIN-----\ntwo = 'lines'\n-----END-----"),
            Map.entry("_x1", "last"));
    assertThat(Dotenv.parse(".env", text.replace("\n", "\r\n")))
        .isEqualTo(Dotenv.parse(".env", text));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          hunter2secret              | line 2 is not of the form NAME=value
          export hunter2secret       | line 2 is not of the form NAME=value
          hunter2 secret=x           | line 2 is not of the form NAME=value
          hunter2-secret=x           | line 2 has no valid name before its '='; use letters, digits and '_', beginning with no digit
          =hunter2secret             | line 2 has no valid name before its '='; use letters, digits and '_', beginning with no digit
          A="hunter2secret           | line 2 opens a quote that nothing closes
          A="x"hunter2secret         | line 2 goes on after the closing quote; escape quotes in the value as \\", or remove it
          FIRST=hunter2secret        | line 2 sets FIRST, as line 1 does; keep one of them
          """)
  void saysWhereItIsWrongAndNothingOfAValue(String line, String message) {
    assertThatThrownBy(() -> Dotenv.parse("/x/.env", "FIRST=1\n" + line + "\nLAST=1"))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessage("The dotenv file /x/.env is wrong: " + message);
  }

  @Test
  void countsLinesThroughValuesOfSeveralLines() {
    assertThatThrownBy(() -> Dotenv.parse("f", "A='1\n2\n3'\nB=\"x\\\ny\"\n\nwrong"))
        .hasMessageContaining("line 7 is not");
  }

  @Test
  void readsFilesAndSaysWhatIsWrongWithThem(@TempDir Path temp) throws IOException {
    var file = temp.resolve(".env");
    assertThatThrownBy(() -> Secret.fromDotenv(file))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessage("The dotenv file %s cannot be read: there is no such file".formatted(file));
    Files.writeString(file, "TOKEN=hunter2\nOTHER='x'");
    assertThat(Secret.fromDotenv(file))
        .containsExactly(Secret.of("TOKEN", "hunter2"), Secret.of("OTHER", "x"))
        .hasToString("[TOKEN=***, OTHER=***]");
    Files.write(file, new byte[] {'A', '=', (byte) 0xff});
    assertThatThrownBy(() -> Secret.fromDotenv(file)).hasMessageContaining("is not UTF-8 text");
    Files.write(file, new byte[(1 << 20) + 1]);
    assertThatThrownBy(() -> Secret.fromDotenv(file)).hasMessageContaining("larger than 1 MiB");
  }

  @Test
  void namesAllVariablesThatTheHostLacks() {
    assertThatThrownBy(() -> Secret.fromHost(java.util.List.of("PATH", "NO_SUCH_1", "NO_SUCH_2")))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining("no environment variables NO_SUCH_1, NO_SUCH_2 to take secrets from");
    assertThat(Secret.fromHost(java.util.List.of("PATH")))
        .containsExactly(Secret.of("PATH", System.getenv("PATH")));
  }

  @Property
  void readsBackWhatIsWrittenInDoubleQuotes(@ForAll("variables") Map<String, String> values) {
    var text =
        values.entrySet().stream()
            .map(e -> e.getKey() + "=\"" + escape(e.getValue()) + "\" # c\n")
            .collect(Collectors.joining());
    assertThat(Dotenv.parse("f", text)).isEqualTo(values);
  }

  @Property
  void readsBackWhatIsWrittenInSingleQuotes(@ForAll("variables") Map<String, String> values) {
    var plain = new LinkedHashMap<String, String>();
    values.forEach((name, value) -> plain.put(name, value.replaceAll("['\r]", "")));
    var text =
        plain.entrySet().stream()
            .map(e -> "export " + e.getKey() + " = '" + e.getValue() + "'\r\n")
            .collect(Collectors.joining());
    assertThat(Dotenv.parse("f", text)).isEqualTo(plain);
  }

  /** What stands for a password can be no name, since names are told. */
  @Property(tries = 20_000)
  void anyTextIsReadOrRefusedWithoutAWordOfIt(@ForAll("texts") String text) {
    try {
      var values = Dotenv.parse("f", text);
      assertThat(values.keySet()).allMatch(n -> n.matches("[A-Za-z_][A-Za-z0-9_]*"));
      assertThat(values.values()).noneMatch(v -> v.indexOf('\0') >= 0);
    } catch (InvalidSpecException e) {
      assertThat(e).hasMessageStartingWith("The dotenv file f is wrong: line ");
      assertThat(e.getMessage()).doesNotContain("hunter:2");
    }
  }

  @Provide
  Arbitrary<Map<String, String>> variables() {
    var names = Arbitraries.strings().withChars("abcXYZ_").ofMinLength(1).ofMaxLength(8);
    var values =
        Arbitraries.strings()
            .withChars("ab \t\n\r#'\"\\$=ä\u20ac")
            .ofMaxLength(30)
            .filter(v -> v.indexOf('\0') < 0);
    return Arbitraries.maps(names, values).ofMaxSize(6);
  }

  @Provide
  Arbitrary<String> texts() {
    var pieces =
        Arbitraries.of(
            "A",
            "B2",
            "export",
            " ",
            "\t",
            "=",
            "'",
            "\"",
            "\\",
            "#",
            "\n",
            "\r\n",
            "\0",
            "hunter:2",
            "-",
            "\uFEFF",
            "$",
            "ä");
    return Arbitraries.oneOf(
        Arbitraries.strings().ofMaxLength(40),
        pieces.list().ofMaxSize(20).map(list -> String.join("", list)));
  }

  private static String escape(String value) {
    return value
        .replace("\\", "\\\\")
        .replace("\"", "\\\"")
        .replace("\n", "\\n")
        .replace("\r", "\\r");
  }
}
