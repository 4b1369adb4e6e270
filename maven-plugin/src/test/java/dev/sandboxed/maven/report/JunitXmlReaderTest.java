package dev.sandboxed.maven.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JunitXmlReaderTest {

  @Test
  void readsWhatSurefireWrites() throws Exception {
    var suites =
        read(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" name="a.BTest" tests="4">
              <properties><property name="java.version" value="17"/></properties>
              <testcase name="passes" classname="a.BTest" time="1,234.5"/>
              <testcase name="fails" classname="a.BTest" time="0.1">
                <failure message="expected 1" type="AssertionError"><![CDATA[at a.BTest]]></failure>
                <system-out>hello</system-out>
              </testcase>
              <testcase name="breaks" classname="a.BTest" time="0"><error type="X">boom</error></testcase>
              <testcase name="skips" classname="a.BTest" time="0"><skipped message="not here"/></testcase>
            </testsuite>
            """);
    assertThat(suites)
        .containsExactly(
            new TestSuite(
                "a.BTest",
                List.of(
                    new TestCase("a.BTest", "passes", 1234.5, Outcome.PASSED, "", ""),
                    new TestCase(
                        "a.BTest", "fails", 0.1, Outcome.FAILED, "expected 1", "at a.BTest"),
                    new TestCase("a.BTest", "breaks", 0, Outcome.ERROR, "", "boom"),
                    new TestCase("a.BTest", "skips", 0, Outcome.SKIPPED, "not here", ""))));
    assertThat(suites.get(0).counts()).isEqualTo(new TestCounts(4, 1, 1, 1));
  }

  @Test
  void readsTheNestedSuitesThatNodeWrites() throws Exception {
    var suites =
        read(
            """
            <testsuites>
              <testcase name="top" time="0.001" classname="test"/>
              <testsuite name="outer">
                <testcase name="one" classname="test" failure="1 == 2">
                  <failure type="testCodeFailure" message="1 == 2">trace</failure>
                </testcase>
                <testsuite name="inner"><testcase name="two" classname="test"/></testsuite>
              </testsuite>
            </testsuites>
            """);
    assertThat(suites).extracting(TestSuite::name).containsExactly("fallback", "outer", "inner");
    assertThat(suites.get(1).counts()).isEqualTo(new TestCounts(1, 1, 0, 0));
  }

  @Test
  void refusesDocumentTypesAndSoEntities(@TempDir Path directory) throws IOException {
    var secret = Files.writeString(directory.resolve("secret"), "host secret");
    var xml =
        """
        <!DOCTYPE testsuite [<!ENTITY x SYSTEM "%s">]>
        <testsuite name="s"><testcase name="&x;"/><testcase name="t"><failure>&x;</failure></testcase></testsuite>
        """
            .formatted(secret.toUri());
    assertThatThrownBy(() -> read(xml))
        .isInstanceOf(InvalidReportException.class)
        .hasMessageContaining("document type");
  }

  @Test
  void refusesEntityBombs() {
    assertThatThrownBy(
            () ->
                read(
                    """
                    <!DOCTYPE t [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
                    <testsuite name="&b;"/>
                    """))
        .isInstanceOf(InvalidReportException.class);
  }

  @Test
  void refusesDeepNesting() {
    var xml = "<testsuite>".repeat(100) + "</testsuite>".repeat(100);
    assertThatThrownBy(() -> read(xml))
        .isInstanceOf(InvalidReportException.class)
        .hasMessage("its elements are nested more than 64 deep");
    var inCase =
        "<testsuite><testcase>"
            + "<a>".repeat(100)
            + "</a>".repeat(100)
            + "</testcase></testsuite>";
    assertThatThrownBy(() -> read(inCase)).isInstanceOf(InvalidReportException.class);
  }

  @Test
  void refusesWhatIsNoReport() {
    assertThatThrownBy(() -> read("<html/>"))
        .isInstanceOf(InvalidReportException.class)
        .hasMessage("its root element is not a test suite");
    assertThatThrownBy(() -> read("<testsuite><testcase name='a'>"))
        .isInstanceOf(InvalidReportException.class)
        .hasMessageContaining("not well-formed");
    assertThatThrownBy(() -> read("")).isInstanceOf(InvalidReportException.class);
  }

  @Test
  void shortensLongTexts() throws Exception {
    var xml =
        "<testsuite name='s'><testcase name='%s'><failure message='m'>%s</failure></testcase></testsuite>"
            .formatted("n".repeat(10_000), "d".repeat(1_000_000));
    var test = read(xml).get(0).cases().get(0);
    assertThat(test.name()).hasSize(JunitXmlReader.MAX_NAME);
    assertThat(test.detail()).hasSize(JunitXmlReader.MAX_TEXT);
  }

  @Property(tries = 500)
  void readsBackWhatTheWriterWrites(
      @ForAll @StringLength(min = 1, max = 60) String name,
      @ForAll @StringLength(max = 60) String message,
      @ForAll @StringLength(max = 200) String detail)
      throws Exception {
    var suite =
        new TestSuite(name, List.of(new TestCase(name, name, 1, Outcome.FAILED, message, detail)));
    var bytes = new ByteArrayOutputStream();
    JunitXmlWriter.write(suite, bytes);
    var read =
        new JunitXmlReader().read(new ByteArrayInputStream(bytes.toByteArray()), "fallback").get(0);
    assertThat(read.name()).isEqualTo(attribute(name));
    assertThat(read.cases().get(0).message()).isEqualTo(attribute(message));
    assertThat(read.cases().get(0).outcome()).isEqualTo(Outcome.FAILED);
  }

  @Property(tries = 500)
  void neverFailsOtherwiseThanItSays(@ForAll byte[] bytes) {
    readHostile(bytes);
  }

  @Property(tries = 500)
  void neverFailsOtherwiseThanItSaysOnBrokenReports(
      @ForAll @StringLength(max = 40) String noise, @ForAll int where) {
    var xml =
        "<?xml version='1.0'?><testsuites><testsuite name='s'><testcase name='a' time='1'>"
            + "<failure message='m'><![CDATA[x]]></failure></testcase></testsuite></testsuites>";
    var at = Math.floorMod(where, xml.length());
    readHostile(
        (xml.substring(0, at) + noise + xml.substring(at)).getBytes(StandardCharsets.UTF_8));
    readHostile((xml.substring(0, at) + noise).getBytes(StandardCharsets.UTF_8));
  }

  private static String attribute(String text) {
    return JunitXmlWriter.legal(text).replaceAll("[\\t\\r\\n]", " ");
  }

  private static void readHostile(byte[] bytes) {
    try {
      new JunitXmlReader().read(new ByteArrayInputStream(bytes), "fallback");
    } catch (InvalidReportException e) {
      assertThat(e).hasMessageStartingWith("it");
    }
  }

  private static List<TestSuite> read(String xml) throws InvalidReportException {
    return new JunitXmlReader()
        .read(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)), "fallback");
  }
}
