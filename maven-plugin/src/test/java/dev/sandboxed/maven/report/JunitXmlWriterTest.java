package dev.sandboxed.maven.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class JunitXmlWriterTest {

  @Test
  void writesWhatCiServersRead() throws IOException {
    var out = new ByteArrayOutputStream();
    JunitXmlWriter.write(
        new TestSuite(
            "a<b>",
            List.of(
                new TestCase("c", "passes \u0000\u001b", 0.25, Outcome.PASSED, "", ""),
                new TestCase("c", "fails", 1, Outcome.FAILED, "1 & \"2\"", "at <x> ]]>"),
                new TestCase("c", "skips", 0, Outcome.SKIPPED, "not now", ""))),
        out);
    assertThat(out.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuite name="a&lt;b&gt;" tests="3" failures="1" errors="0" skipped="1" time="1.250">
              <testcase classname="c" name="passes \ufffd\ufffd" time="0.250"></testcase>
              <testcase classname="c" name="fails" time="1.000"><failure message="1 &amp; &quot;2&quot;">at &lt;x&gt; ]]&gt;</failure></testcase>
              <testcase classname="c" name="skips" time="0.000"><skipped message="not now"></skipped></testcase>
            </testsuite>
            """);
  }
}
