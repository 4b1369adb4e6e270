package dev.sandboxed.maven.report;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/** Writes elements; what they hold is escaped. Not thread-safe. */
final class HtmlWriter {
  private final XMLStreamWriter out;

  /** Writes what is within an element. */
  @FunctionalInterface
  interface Content {
    void write() throws XMLStreamException;
  }

  HtmlWriter(XMLStreamWriter out) {
    this.out = out;
  }

  void within(String element, Content content) throws XMLStreamException {
    within(element, List.of(), content);
  }

  /** Writes an element; the attributes' names and values take turns. */
  void within(String element, List<String> attributes, Content content) throws XMLStreamException {
    out.writeStartElement(element);
    attributes(attributes);
    content.write();
    out.writeEndElement();
    out.writeCharacters("\n");
  }

  void empty(String element, String... attributes) throws XMLStreamException {
    out.writeEmptyElement(element);
    attributes(List.of(attributes));
    out.writeCharacters("\n");
  }

  void text(String text) throws XMLStreamException {
    out.writeCharacters(JunitXmlWriter.legal(text));
  }

  void text(String element, String text) throws XMLStreamException {
    text(element, "", text);
  }

  void text(String element, String className, String text) throws XMLStreamException {
    out.writeStartElement(element);
    if (!className.isEmpty()) {
      out.writeAttribute("class", className);
    }
    text(text);
    out.writeEndElement();
    out.writeCharacters("\n");
  }

  void link(String target, String text) throws XMLStreamException {
    out.writeStartElement("a");
    attributes(List.of("href", target));
    text(text);
    out.writeEndElement();
  }

  /** Writes a table; the columns whose titles begin with {@code #} hold numbers. */
  void table(List<String> titles, List<List<String>> rows) throws XMLStreamException {
    within(
        "table",
        () -> {
          within(
              "tr",
              () -> {
                for (var title : titles) {
                  text("th", className(title), title.replaceFirst("^#", ""));
                }
              });
          for (var row : rows) {
            within(
                "tr",
                () -> {
                  for (var i = 0; i < titles.size(); i++) {
                    text("td", className(titles.get(i)), row.get(i));
                  }
                });
          }
        });
  }

  private static String className(String title) {
    return title.startsWith("#") ? "number" : "";
  }

  private void attributes(List<String> attributes) throws XMLStreamException {
    for (var i = 0; i < attributes.size(); i += 2) {
      out.writeAttribute(attributes.get(i), JunitXmlWriter.legal(attributes.get(i + 1)));
    }
  }

  static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
  }

  /** Returns the name of a constant as words. */
  static String words(String constant) {
    return constant.toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
