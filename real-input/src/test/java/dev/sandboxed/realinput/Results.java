package dev.sandboxed.realinput;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.xml.sax.SAXException;

/** The outcome of every test of a suite; tests of one name are kept apart by their number. */
final class Results {
  private static final List<String> BROKEN = List.of("failure", "error", "skipped");

  /** An object's identity, in the name of a test with parameters: another in every process. */
  private static final Pattern IDENTITY = Pattern.compile("@[0-9a-f]{4,8}\\b");

  private final Map<String, List<String>> outcomes = new TreeMap<>();

  void add(String test, String outcome) {
    var name = IDENTITY.matcher(test).replaceAll("@…");
    outcomes.computeIfAbsent(name, n -> new ArrayList<>()).add(outcome);
    outcomes.get(name).sort(null);
  }

  int size() {
    return outcomes.values().stream().mapToInt(List::size).sum();
  }

  long count(String outcome) {
    return outcomes.values().stream().flatMap(List::stream).filter(outcome::equals).count();
  }

  /** Returns how many tests failed, whichever way. */
  long broken() {
    return count("failure") + count("error");
  }

  /** Describes every test whose outcomes differ. */
  List<String> differences(Results inside) {
    var names = new TreeSet<>(outcomes.keySet());
    names.addAll(inside.outcomes.keySet());
    return names.stream()
        .filter(n -> !of(n).equals(inside.of(n)))
        .map(n -> "%s: %s on the host, %s in the sandbox".formatted(n, of(n), inside.of(n)))
        .toList();
  }

  private List<String> of(String name) {
    return outcomes.getOrDefault(name, List.of());
  }

  @Override
  public String toString() {
    return "%d tests: %d passed, %d failed, %d broken, %d skipped"
        .formatted(size(), count("passed"), count("failure"), count("error"), count("skipped"));
  }

  /** Reads JUnit XML: a file, or all of a directory. */
  static Results ofJunitXml(Path path) throws IOException {
    var results = new Results();
    try (var files = Files.walk(path, 1)) {
      for (var file : files.filter(f -> f.toString().endsWith(".xml")).sorted().toList()) {
        try {
          var document =
              DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder().parse(file.toFile());
          var cases = document.getElementsByTagName("testcase");
          for (var i = 0; i < cases.getLength(); i++) {
            var test = (Element) cases.item(i);
            var outcome =
                BROKEN.stream()
                    .filter(b -> test.getElementsByTagName(b).getLength() > 0)
                    .findFirst()
                    .orElse("passed");
            results.add(test.getAttribute("classname") + " " + test.getAttribute("name"), outcome);
          }
        } catch (ParserConfigurationException | SAXException e) {
          throw new IOException("Cannot read " + file, e);
        }
      }
    }
    return results;
  }
}
