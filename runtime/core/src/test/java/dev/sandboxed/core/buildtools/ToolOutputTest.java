package dev.sandboxed.core.buildtools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandboxed.core.protocol.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What tools print and write, read as it may come, in any version or none. */
class ToolOutputTest {

  @Test
  void python_literals_are_read_as_python_writes_them() throws Exception {
    var python = HostEnvironment.ofProcess().program("python3");
    assumeTrue(python.isPresent(), "python3 is not on this machine");
    var texts =
        new String[] {
          "",
          "plain",
          "a'b",
          "a\"b",
          "a'b\"c",
          "\n\t\r\\",
          "\u0001\u007f\u00a0",
          "é漢\ud83d\ude00",
          "\\n"
        };
    var script = new StringBuilder();
    for (var text : texts) {
      script.append("print(ascii(bytes.fromhex('");
      for (var b : text.getBytes(StandardCharsets.UTF_8)) {
        script.append("%02x".formatted(b));
      }
      script.append("').decode()))\n");
    }
    var process = new ProcessBuilder(python.get().toString(), "-c", script.toString()).start();
    var lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(lines.lines().map(line -> PythonText.read(line).orElseThrow()))
        .containsExactly(texts);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "'",
        "plain",
        "'a",
        "a'",
        "'a\"",
        "'a'b'",
        "'\\'",
        "'\\q'",
        "'\\x4'",
        "'\\x4g'",
        "'\\u12'",
        "'\\U00110000'",
        "b'a'"
      })
  void what_is_no_python_literal_is_none(String text) {
    assertThat(PythonText.read(text)).isEmpty();
  }

  @Property
  void python_literals_take_any_text(@ForAll("noise") String text) {
    PythonText.read(text);
    PythonText.read("'" + text + "'");
  }

  @Property
  void pip_takes_any_text(@ForAll("noise") String text) {
    PipReader.entries(text);
    assertThat(PipReader.links("Found link https://" + text + " (from x)\n" + text))
        .allMatch(server -> server.matches("https?://[a-z0-9._:\\[\\]-]+"));
  }

  @Test
  void pip_entries_of_all_levels() {
    assertThat(
            PipReader.entries(
                """
                global.index-url='https://a.example/simple'
                :env:.extra-index-url='\\nhttps://b.example\\nhttps://c.example'
                install.trusted-host="it's"
                nonsense
                """))
        .containsExactly(
            Map.entry("global.index-url", "https://a.example/simple"),
            Map.entry(":env:.extra-index-url", "\nhttps://b.example\nhttps://c.example"),
            Map.entry("install.trusted-host", "it's"));
  }

  @Test
  void pip_links_are_bounded() {
    var log = new StringBuilder();
    for (var i = 0; i < 1000; i++) {
      log.append("  Found link https://h%d.example/x.whl (from https://i.example/)\n".formatted(i));
    }
    assertThat(PipReader.links(log.toString())).hasSize(16);
  }

  @Test
  void npm_says_what_counts() {
    var read =
        NpmReader.read(
            """
            ; "default" config from default values

            ; registry = "https://built-in.example/" ; overridden by user
            proxy = null

            ; "user" config from /home/me/.npmrc

            //npm.example/:_authToken = (protected)
            registry = "https://me:***@npm.example/"
            @a b:registry = "https://no.example/"
            """);
    assertThat(read.hosts())
        .containsExactly(new ReachableHost("npm", "npm.example", 443, true, "/home/me/.npmrc"));
    assertThat(read.files()).containsEntry(NpmReader.SETTINGS, "registry=https://npm.example/\n");
    assertThat(read.proxies()).isEmpty();
  }

  @Property
  void npm_takes_any_text(@ForAll("noise") String text) {
    var read =
        NpmReader.read(
            "registry = "
                + text
                + "\n"
                + text
                + "\n@a:registry = \"https://a.example/"
                + text
                + "\"");
    // No line of a tool's makes two of the settings inside.
    read.files()
        .values()
        .forEach(
            file ->
                assertThat(file.lines())
                    .allMatch(l -> l.matches("(@a:)?registry=https?://\\S+|strict-ssl=false")));
  }

  @Property
  void go_takes_any_text(@ForAll("noise") String text, @ForAll boolean changed) {
    var variables =
        JsonObject.of(
            Map.of("GOPROXY", text, "GOSUMDB", text, "GONOPROXY", text, "GOPRIVATE", text));
    assertThat(GoReader.read(variables, name -> changed).hosts())
        .allMatch(host -> host.host().matches("(\\*\\.)?[a-z0-9._:-]+"));
  }

  @ParameterizedTest
  @CsvSource({
    "'direct', 'direct'",
    "'off', 'off'",
    "'https://a.example,direct', 'https://a.example,direct'",
    "'a.example|https://b.example', 'https://a.example|https://b.example'",
    "'https://u:p@a.example/x', 'https://a.example/x'",
    "'file:///x,https://a.example', 'https://a.example'",
    "'https://a.example/1a2B3c4D5e6F7g8H9/,direct', 'direct'",
  })
  void go_proxies_are_passed_on_without_credentials(String proxies, String inside) {
    var read = GoReader.read(JsonObject.of(Map.of("GOPROXY", proxies)), name -> true);
    assertThat(read.environment()).containsEntry("GOPROXY", inside);
  }

  @Property
  void cargo_settings_are_written_as_they_are_read(
      @ForAll("names") String name, @ForAll("noise") String url) throws IOException {
    var writer = new CargoSettings.Writer();
    writer.replace("crates-io", name);
    writer.source(name, url);
    writer.registry(name, url);
    var read = CargoSettings.parse(writer.text(), Path.of("config.toml"));
    if (url.isBlank()) {
      assertThat(read.registries()).isEmpty();
    } else if (!name.equals("crates-io")) {
      assertThat(read.registries()).containsExactly(Map.entry(name, url));
      assertThat(read.replacement("crates-io"))
          .hasValueSatisfying(source -> assertThat(source.registry()).contains(url));
    }
  }

  @Test
  void cargo_settings_may_hold_every_character() throws IOException {
    for (var start = 1; start < Character.MIN_SUPPLEMENTARY_CODE_POINT; start += 256) {
      var url = new StringBuilder("https://");
      for (var c = start; c < start + 256; c++) {
        if (c <= Character.MAX_VALUE && !Character.isSurrogate((char) c)) {
          url.append((char) c);
        }
      }
      var writer = new CargoSettings.Writer();
      writer.registry("all", url.toString());
      assertThat(CargoSettings.parse(writer.text(), Path.of("config.toml")).registries())
          .as("characters from %x", start)
          .containsExactly(Map.entry("all", url.toString()));
    }
  }

  @Property
  void cargo_takes_any_text(@ForAll("noise") String text) {
    try {
      CargoSettings.parse(text, Path.of("config.toml"));
    } catch (IOException e) {
      assertThat(e).hasMessageStartingWith("config.toml is not valid TOML (line ");
    }
  }

  @Test
  void cargo_settings_in_circles_end() throws IOException {
    var read =
        CargoSettings.parse(
            """
            source.crates-io.replace-with = "a"
            source.a.replace-with = "b"
            source.b.replace-with = "a"
            [http]
            proxy = 7
            """,
            Path.of("config.toml"));
    assertThat(read.replacement("crates-io")).isPresent();
    assertThat(read.proxy()).isEmpty();
  }

  @Test
  void what_is_no_toml_is_named_without_its_text() {
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> CargoSettings.parse("a = 1\ntoken = S3cret\n", Path.of("/h/config.toml")))
        .withMessage("/h/config.toml is not valid TOML (line 2); correct it")
        .withNoCause();
    assertThatNoException().isThrownBy(() -> CargoSettings.parse("", Path.of("x")));
  }

  @Provide
  Arbitrary<String> noise() {
    return Arbitraries.oneOf(
        Arbitraries.strings().withChars("'\"\\nux4[]{}=.,|;#:/@*! \n\tahtps-").ofMaxLength(60),
        Arbitraries.strings().ofMaxLength(30).filter(ToolOutputTest::isText));
  }

  @Provide
  Arbitrary<String> names() {
    return Arbitraries.strings().withChars("azAZ09-_").ofMinLength(1).ofMaxLength(12);
  }

  /** Half a character is no text; nothing that was read from a file has one. */
  private static boolean isText(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }
}
