package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.maven.report.CodeQuality;
import dev.sandboxed.maven.report.Finding;
import dev.sandboxed.maven.report.Finding.Place;
import dev.sandboxed.maven.report.Outcome;
import dev.sandboxed.maven.report.TestCase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/** Where tests broke, by what they say. */
class TestPlacesTest {
  @TempDir private Path checkout;

  @BeforeEach
  void writeSources() throws IOException {
    for (var name :
        List.of(
            "module/src/test/java/example/AdderTest.java",
            "module/tests/test_words.py",
            "module/test/a.test.js",
            "module/sub/adder_test.go",
            "module/src/lib.rs",
            "secret.py")) {
      var file = checkout.resolve(name);
      Files.createDirectories(file.getParent());
      Files.writeString(file, "");
    }
    Files.createSymbolicLink(checkout.resolve("module/link"), checkout.resolve("module/tests"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          at org.junit.Assert.fail(Assert.java:1)~ at app//example.AdderTest$Inner.adds(AdderTest.java:12) | module/src/test/java/example/AdderTest.java | 12
          File "/usr/lib/python3/unittest.py", line 1~File "/work/module/tests/test_words.py", line 9, in x | module/tests/test_words.py | 9
          tests/test_words.py:7: AssertionError | module/tests/test_words.py | 7
          at x (file:///work/module/test/a.test.js:3:9) | module/test/a.test.js | 3
          adder_test.go:5: no | module/sub/adder_test.go | 5
          thread 'main' panicked at src/lib.rs:8:5 | module/src/lib.rs | 8
          File "/work/secret.py", line 1 | secret.py | 1
          """)
  void tools_name_files_in_ways_of_their_own(String detail, String path, int line) {
    assertThat(finding(detail).place()).contains(new Place(path, line));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          File "/etc/passwd.x", line 1
          File "/work/../etc/hosts", line 1
          File "../../x.py", line 1
          File "/work/module/link/test_words.py", line 1
          File "/work/module/tests", line 1
          File "/work", line 1
          /work/module/missing.py:1
          at example.AdderTest.adds(AdderTest.java:99999999)
          nothing
          """)
  void what_is_no_file_of_the_checkout_is_no_place(String detail) {
    assertThat(finding(detail).place()).isEmpty();
  }

  @Test
  void long_details_are_read_in_part_and_soon() {
    assertThat(finding("a.b/".repeat(10_000) + "x").place()).isEmpty();
    assertThat(finding("x\n".repeat(500) + "tests/test_words.py:7: x").place()).isEmpty();
  }

  @Test
  void gitlab_reads_those_with_a_place_each_with_a_fingerprint_of_its_own() {
    var findings =
        List.of(
            finding("tests/test_words.py:7: x"),
            finding("tests/test_words.py:70: x"),
            finding("nothing"));
    var out = new ByteArrayOutputStream();
    CodeQuality.write(findings, out);
    var json = JsonMapper.shared().readTree(out.toString(StandardCharsets.UTF_8));
    assertThat(json.size()).isEqualTo(2);
    assertThat(json.at("/0/description").stringValue()).isEqualTo("m</script>\"é");
    assertThat(json.at("/0/check_name").stringValue())
        .isEqualTo("tests: example.com/m/sub.TestAdds");
    assertThat(json.at("/0/severity").stringValue()).isEqualTo("major");
    assertThat(json.at("/0/location/path").stringValue()).isEqualTo("module/tests/test_words.py");
    assertThat(json.at("/1/location/lines/begin").intValue()).isEqualTo(70);
    assertThat(json.at("/0/fingerprint").stringValue())
        .matches("[0-9a-f]{64}")
        .isNotEqualTo(json.at("/1/fingerprint").stringValue());
    assertThat(out.toString(StandardCharsets.UTF_8)).matches("[ -~]+");
  }

  private Finding finding(String detail) {
    return new TestPlaces(checkout, Path.of("module"))
        .finding(
            new TestCase(
                "example.com/m/sub",
                "TestAdds",
                0,
                Outcome.FAILED,
                "m</script>\"é",
                detail.replace('~', '\n')));
  }
}
