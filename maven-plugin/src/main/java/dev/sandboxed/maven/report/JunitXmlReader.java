package dev.sandboxed.maven.report;

import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.jspecify.annotations.Nullable;

/**
 * Reads JUnit XML as Surefire, pytest and Node write it.
 *
 * <p>The XML is hostile: there are no document types and so no entities, and its depth, its number
 * of tests and the length of its texts are bounded. The caller bounds the number of bytes.
 */
public final class JunitXmlReader {
  static final int MAX_DEPTH = 64;
  static final int MAX_TESTS = 500_000;
  static final int MAX_NAME = 2_000;
  static final int MAX_TEXT = 64 * 1024;

  private final XMLInputFactory factory = XMLInputFactory.newDefaultFactory();

  /** Makes a reader. */
  public JunitXmlReader() {
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    factory.setProperty(XMLInputFactory.IS_REPLACING_ENTITY_REFERENCES, false);
    factory.setXMLResolver((publicId, systemId, base, namespace) -> InputStream.nullInputStream());
  }

  /**
   * Reads a report.
   *
   * @param xml the report, in UTF-8; not closed
   * @param fallbackName the name of tests outside of any named suite
   * @return its suites that hold tests
   * @throws InvalidReportException if it is malformed or beyond the bounds
   */
  public List<TestSuite> read(InputStream xml, String fallbackName) throws InvalidReportException {
    try {
      // Decoded here, as the JDK's parser prints what it thinks of malformed UTF-8 on stderr.
      var reader =
          factory.createXMLStreamReader(new InputStreamReader(xml, StandardCharsets.UTF_8));
      try {
        return new Parse(reader, fallbackName).run();
      } finally {
        reader.close();
      }
    } catch (XMLStreamException e) {
      throw new InvalidReportException(
          "it is not well-formed XML (line " + e.getLocation().getLineNumber() + ")", e);
    } catch (RuntimeException e) {
      // The JDK's parser throws unchecked exceptions for some malformed input.
      throw new InvalidReportException("it cannot be read as XML", e);
    }
  }

  /** One pass over one report. */
  private static final class Parse {
    private final XMLStreamReader reader;
    private final Map<String, List<TestCase>> suites = new LinkedHashMap<>();
    private final Deque<String> names = new ArrayDeque<>();
    private int tests;
    private int depth;

    Parse(XMLStreamReader reader, String fallbackName) {
      this.reader = reader;
      names.push(fallbackName);
    }

    List<TestSuite> run() throws XMLStreamException, InvalidReportException {
      var root = true;
      while (reader.hasNext()) {
        switch (reader.next()) {
          case XMLStreamConstants.DTD ->
              throw new InvalidReportException(
                  "it has a document type, which no test report needs");
          case XMLStreamConstants.START_ELEMENT -> {
            enter();
            var element = reader.getLocalName();
            if (root && !element.equals("testsuite") && !element.equals("testsuites")) {
              throw new InvalidReportException("its root element is not a test suite");
            }
            root = false;
            if (element.equals("testcase")) {
              testCase();
            } else {
              names.push(suiteName(element));
            }
          }
          case XMLStreamConstants.END_ELEMENT -> {
            depth--;
            names.pop();
          }
          default -> {}
        }
      }
      return suites.entrySet().stream().map(e -> new TestSuite(e.getKey(), e.getValue())).toList();
    }

    private String suiteName(String element) {
      var name = element.equals("testsuite") ? attribute(reader, "name", MAX_NAME) : "";
      return name.isEmpty() ? names.element() : name;
    }

    private void enter() throws InvalidReportException {
      if (++depth > MAX_DEPTH) {
        throw new InvalidReportException(
            "its elements are nested more than " + MAX_DEPTH + " deep");
      }
    }

    private void testCase() throws XMLStreamException, InvalidReportException {
      if (++tests > MAX_TESTS) {
        throw new InvalidReportException("it has more than %,d tests".formatted(MAX_TESTS));
      }
      var name = attribute(reader, "name", MAX_NAME);
      var className = attribute(reader, "classname", MAX_NAME);
      var seconds = seconds(attribute(reader, "time", 40));
      var outcome = Outcome.PASSED;
      var message = "";
      var detail = "";
      var base = depth;
      while (depth >= base) {
        switch (reader.next()) {
          case XMLStreamConstants.DTD -> throw new InvalidReportException("it has a document type");
          case XMLStreamConstants.START_ELEMENT -> {
            enter();
            var found = depth == base + 1 ? outcome(reader.getLocalName()) : null;
            if (found != null && outcome == Outcome.PASSED) {
              outcome = found;
              message = attribute(reader, "message", MAX_TEXT);
              detail = text();
            }
          }
          case XMLStreamConstants.END_ELEMENT -> depth--;
          case XMLStreamConstants.END_DOCUMENT -> throw new InvalidReportException("it ends early");
          default -> {}
        }
      }
      suites
          .computeIfAbsent(names.element(), n -> new ArrayList<>())
          .add(new TestCase(className, name, seconds, outcome, message, detail));
    }

    /** Reads to the end of the current element. */
    private String text() throws XMLStreamException, InvalidReportException {
      var text = new StringBuilder();
      var base = depth;
      while (depth >= base) {
        switch (reader.next()) {
          case XMLStreamConstants.START_ELEMENT -> enter();
          case XMLStreamConstants.END_ELEMENT -> depth--;
          case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA -> {
            if (text.length() < MAX_TEXT) {
              text.append(shortened(reader.getText(), MAX_TEXT - text.length()));
            }
          }
          case XMLStreamConstants.END_DOCUMENT -> throw new InvalidReportException("it ends early");
          default -> {}
        }
      }
      return text.toString();
    }
  }

  private static @Nullable Outcome outcome(String element) {
    return switch (element) {
      case "failure" -> Outcome.FAILED;
      case "error" -> Outcome.ERROR;
      case "skipped" -> Outcome.SKIPPED;
      default -> null;
    };
  }

  private static String attribute(XMLStreamReader reader, String name, int limit) {
    var value = reader.getAttributeValue(null, name);
    return value == null ? "" : shortened(value, limit);
  }

  private static String shortened(String text, int limit) {
    return text.length() <= limit ? text : text.substring(0, limit);
  }

  private static double seconds(String text) {
    try {
      // Surefire groups the thousands.
      return Double.parseDouble(text.replace(",", ""));
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
