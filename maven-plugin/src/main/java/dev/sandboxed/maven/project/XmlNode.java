package dev.sandboxed.maven.project;

import java.io.InputStream;
import java.io.StringReader;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * An element of an XML file.
 *
 * <p>The XML may be hostile: there are no document types and so no entities, nothing is loaded, and
 * its depth, its number of elements and the length of its texts are bounded.
 *
 * @param name its local name
 * @param text the text in it, without that of its children; stripped
 * @param children the elements in it
 */
record XmlNode(String name, String text, List<XmlNode> children) {
  private static final int MAX_DEPTH = 64;
  private static final int MAX_ELEMENTS = 100_000;
  private static final int MAX_TEXT = 1_000;

  /** Copies the list. */
  XmlNode {
    children = List.copyOf(children);
  }

  /** Reads a file; empty if it is malformed or beyond the bounds. */
  static Optional<XmlNode> read(String xml) {
    var factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    factory.setProperty(XMLInputFactory.IS_REPLACING_ENTITY_REFERENCES, false);
    factory.setXMLResolver((publicId, systemId, base, namespace) -> InputStream.nullInputStream());
    try {
      var reader = factory.createXMLStreamReader(new StringReader(xml));
      try {
        return parse(reader);
      } finally {
        reader.close();
      }
    } catch (XMLStreamException | RuntimeException e) {
      // The JDK's parser throws unchecked exceptions for some malformed input.
      return Optional.empty();
    }
  }

  private static Optional<XmlNode> parse(XMLStreamReader reader) throws XMLStreamException {
    var open = new ArrayDeque<Open>();
    var elements = 0;
    while (reader.hasNext()) {
      switch (reader.next()) {
        case XMLStreamConstants.DTD -> {
          return Optional.empty();
        }
        case XMLStreamConstants.START_ELEMENT -> {
          elements++;
          if (elements > MAX_ELEMENTS || open.size() == MAX_DEPTH) {
            return Optional.empty();
          }
          open.push(new Open(reader.getLocalName()));
        }
        case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA -> {
          if (!open.isEmpty()) {
            open.element().append(reader.getText());
          }
        }
        case XMLStreamConstants.END_ELEMENT -> {
          var closed = open.pop().close();
          if (open.isEmpty()) {
            return Optional.of(closed);
          }
          open.element().children.add(closed);
        }
        default -> {
          // Comments and the like say nothing.
        }
      }
    }
    return Optional.empty();
  }

  /** Returns the child at the end of this path of names; empty if there is none. */
  Optional<XmlNode> child(String... path) {
    var found = Optional.of(this);
    for (var part : path) {
      found = found.flatMap(node -> node.all(part).findFirst());
    }
    return found;
  }

  /** Returns the text of the child at the end of a path; empty if there is none, or it is blank. */
  Optional<String> textOf(String... path) {
    return child(path).map(XmlNode::text).filter(t -> !t.isEmpty());
  }

  /** Returns the children of this name. */
  Stream<XmlNode> all(String childName) {
    return children.stream().filter(c -> c.name.equals(childName));
  }

  /** Returns what is in the child at the end of a path; nothing if there is none. */
  Stream<XmlNode> in(String... path) {
    return child(path).stream().flatMap(node -> node.children.stream());
  }

  /** An element whose end is not read yet. */
  private static final class Open {
    private final String name;
    private final StringBuilder text = new StringBuilder();
    private final List<XmlNode> children = new ArrayList<>();

    private Open(String name) {
      this.name = name;
    }

    private void append(String more) {
      text.append(more, 0, Math.min(more.length(), Math.max(0, MAX_TEXT - text.length())));
    }

    private XmlNode close() {
      return new XmlNode(name, text.toString().strip(), children);
    }
  }
}
