package dev.sandboxed.core.buildtools;

import dev.sandboxed.core.buildtools.MavenSettings.Mirror;
import dev.sandboxed.core.buildtools.MavenSettings.Repository;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/** Writes the {@code settings.xml} of a sandbox: mirrors and repositories, no servers. */
final class MavenSettingsWriter {
  private static final String PROFILE = "host";

  private final List<Entry> mirrors = new ArrayList<>();
  private final List<Entry> repositories = new ArrayList<>();
  private final List<Entry> pluginRepositories = new ArrayList<>();

  /** Writes the inside of one element. */
  private interface Entry {
    void write(XMLStreamWriter xml) throws XMLStreamException;
  }

  void mirror(Mirror mirror, String url) {
    mirrors.add(
        xml -> {
          xml.writeStartElement("mirror");
          element(xml, "id", mirror.id());
          element(xml, "mirrorOf", mirror.mirrorOf());
          element(xml, "url", url);
          if (mirror.blocked()) {
            element(xml, "blocked", "true");
          }
          xml.writeEndElement();
        });
  }

  void repository(Repository repository, String url, boolean plugins) {
    var list = plugins ? pluginRepositories : repositories;
    list.add(
        xml -> {
          xml.writeStartElement(plugins ? "pluginRepository" : "repository");
          element(xml, "id", repository.id());
          element(xml, "url", url);
          if (repository.layout().isPresent()) {
            element(xml, "layout", repository.layout().get());
          }
          if (repository.releases().isPresent()) {
            policy(xml, "releases", repository.releases().get());
          }
          if (repository.snapshots().isPresent()) {
            policy(xml, "snapshots", repository.snapshots().get());
          }
          xml.writeEndElement();
        });
  }

  boolean isEmpty() {
    return mirrors.isEmpty() && repositories.isEmpty() && pluginRepositories.isEmpty();
  }

  String text() {
    var text = new StringWriter();
    try {
      var xml = XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(text);
      xml.writeStartElement("settings");
      all(xml, "mirrors", mirrors);
      if (!repositories.isEmpty() || !pluginRepositories.isEmpty()) {
        xml.writeStartElement("profiles");
        xml.writeStartElement("profile");
        element(xml, "id", PROFILE);
        all(xml, "repositories", repositories);
        all(xml, "pluginRepositories", pluginRepositories);
        xml.writeEndElement();
        xml.writeEndElement();
        xml.writeStartElement("activeProfiles");
        element(xml, "activeProfile", PROFILE);
        xml.writeEndElement();
      }
      xml.writeEndElement();
      xml.close();
    } catch (XMLStreamException e) {
      throw new IllegalStateException("XML cannot be written to memory", e);
    }
    return text + "\n";
  }

  private static void all(XMLStreamWriter xml, String name, List<Entry> entries)
      throws XMLStreamException {
    if (!entries.isEmpty()) {
      xml.writeStartElement(name);
      for (var entry : entries) {
        entry.write(xml);
      }
      xml.writeEndElement();
    }
  }

  private static void policy(XMLStreamWriter xml, String name, String enabled)
      throws XMLStreamException {
    xml.writeStartElement(name);
    element(xml, "enabled", enabled);
    xml.writeEndElement();
  }

  private static void element(XMLStreamWriter xml, String name, String text)
      throws XMLStreamException {
    xml.writeStartElement(name);
    xml.writeCharacters(text);
    xml.writeEndElement();
  }
}
