package dev.sandboxed.maven.report;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/**
 * Writes suites as JUnit XML.
 *
 * <p>What came from a sandbox is written anew rather than copied, so that the tools that read the
 * report later meet no document type, no illegal character and no text beyond the bounds.
 */
public final class JunitXmlWriter {
  private JunitXmlWriter() {}

  /**
   * Writes one suite as a document.
   *
   * @param suite the suite
   * @param out where to; not closed
   * @throws IOException if it cannot be written
   */
  public static void write(TestSuite suite, OutputStream out) throws IOException {
    try {
      var writer = XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(out, "UTF-8");
      writer.writeStartDocument("UTF-8", "1.0");
      writer.writeCharacters("\n");
      writeSuite(suite, writer);
      writer.writeEndDocument();
      writer.writeCharacters("\n");
      writer.flush();
    } catch (XMLStreamException e) {
      throw new IOException("Cannot write the test report: " + e.getMessage(), e);
    }
  }

  private static void writeSuite(TestSuite suite, XMLStreamWriter writer)
      throws XMLStreamException {
    var counts = suite.counts();
    writer.writeStartElement("testsuite");
    attribute(writer, "name", suite.name());
    attribute(writer, "tests", Integer.toString(counts.tests()));
    attribute(writer, "failures", Integer.toString(counts.failures()));
    attribute(writer, "errors", Integer.toString(counts.errors()));
    attribute(writer, "skipped", Integer.toString(counts.skipped()));
    attribute(writer, "time", seconds(suite.cases().stream().mapToDouble(TestCase::seconds).sum()));
    for (var test : suite.cases()) {
      writer.writeCharacters("\n  ");
      writeCase(test, writer);
    }
    writer.writeCharacters("\n");
    writer.writeEndElement();
  }

  private static void writeCase(TestCase test, XMLStreamWriter writer) throws XMLStreamException {
    writer.writeStartElement("testcase");
    attribute(writer, "classname", test.className());
    attribute(writer, "name", test.name());
    attribute(writer, "time", seconds(test.seconds()));
    if (test.outcome() != Outcome.PASSED) {
      writer.writeStartElement(element(test.outcome()));
      attribute(writer, "message", test.message());
      writer.writeCharacters(legal(test.detail()));
      writer.writeEndElement();
    }
    writer.writeEndElement();
  }

  private static String element(Outcome outcome) {
    return switch (outcome) {
      case FAILED -> "failure";
      case ERROR -> "error";
      case SKIPPED -> "skipped";
      case PASSED -> throw new IllegalArgumentException("a test that passed has no such element");
    };
  }

  private static String seconds(double seconds) {
    return String.format(Locale.ROOT, "%.3f", seconds);
  }

  private static void attribute(XMLStreamWriter writer, String name, String value)
      throws XMLStreamException {
    // A reader takes line ends in attributes as blanks; the JDK's writer does not escape them.
    writer.writeAttribute(name, legal(value).replaceAll("[\\t\\r\\n]", " "));
  }

  /** Replaces what XML 1.0 cannot hold. */
  static String legal(String text) {
    var legal = new StringBuilder(text.length());
    text.codePoints().forEach(c -> legal.appendCodePoint(isLegal(c) ? c : 0xfffd));
    return legal.toString();
  }

  private static boolean isLegal(int c) {
    return c == '\t'
        || c == '\n'
        || c == '\r'
        || (c >= 0x20 && c <= 0xd7ff)
        || (c >= 0xe000 && c <= 0xfffd)
        || (c >= 0x10000 && c <= 0x10ffff);
  }
}
