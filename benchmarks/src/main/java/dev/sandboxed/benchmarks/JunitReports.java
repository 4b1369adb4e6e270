package dev.sandboxed.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** Counts what JUnit's XML reports tell. */
final class JunitReports {
  private JunitReports() {}

  /**
   * How many tests there were.
   *
   * @param run all that were run
   * @param broken those of them that failed
   * @param skipped those that were left out
   */
  record Count(int run, int broken, int skipped) {
    boolean hasAsManyAs(Count other) {
      return run == other.run && skipped == other.skipped;
    }

    private Count plus(Count other) {
      return new Count(run + other.run, broken + other.broken, skipped + other.skipped);
    }

    @Override
    public String toString() {
      return "%d tests run, %d of them failed, and %d skipped".formatted(run, broken, skipped);
    }
  }

  /** Reads all reports of a directory, but not of those below it. */
  static Count count(Path directory) throws IOException {
    var all = new Count(0, 0, 0);
    try (var files = Files.newDirectoryStream(directory, "*.xml")) {
      for (var file : files) {
        all = all.plus(countOf(file));
      }
    }
    return all;
  }

  private static Count countOf(Path file) throws IOException {
    var factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    try (var in = Files.newInputStream(file)) {
      return countOf(factory.createXMLStreamReader(in));
    } catch (XMLStreamException e) {
      throw new IOException("Cannot read " + file, e);
    }
  }

  private static Count countOf(XMLStreamReader xml) throws XMLStreamException {
    var tests = 0;
    var broken = 0;
    var skipped = 0;
    while (xml.hasNext()) {
      if (xml.next() == XMLStreamReader.START_ELEMENT) {
        switch (xml.getLocalName()) {
          case "testcase" -> tests++;
          case "failure", "error" -> broken++;
          case "skipped" -> skipped++;
          default -> {}
        }
      }
    }
    return new Count(tests - skipped, broken, skipped);
  }
}
