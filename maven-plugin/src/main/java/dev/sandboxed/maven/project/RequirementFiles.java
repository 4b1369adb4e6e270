package dev.sandboxed.maven.project;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Files that pip reads requirements from, and those that they include, of the project alone. */
final class RequirementFiles {
  private static final int MAX_FILES = 100;
  private static final int MAX_CHARACTERS = 8 << 20;
  private static final Pattern INCLUSION =
      Pattern.compile(
          "[ \\t]{0,20}(?:-r|-c|--requirement|--constraint)[ \\t=]{0,20}([^\\s#\"'$]{1,500})"
              + "(?:[ \\t].*)?");

  private RequirementFiles() {}

  /**
   * Reads them.
   *
   * @param files those to begin with
   * @return the texts of all, by their paths in the project; of the first hundred, if they are more
   */
  static Map<String, String> read(Checkout checkout, List<String> files) {
    var texts = new LinkedHashMap<String, String>();
    var todo = new ArrayDeque<>(files);
    var characters = 0;
    while (!todo.isEmpty() && texts.size() < MAX_FILES && characters < MAX_CHARACTERS) {
      var file = todo.remove();
      var text = texts.containsKey(file) ? "" : checkout.read(file).orElse("");
      if (!texts.containsKey(file) && checkout.hasFile(file)) {
        texts.put(file, text);
        characters += text.length();
        todo.addAll(included(file, text));
      }
    }
    return texts;
  }

  private static List<String> included(String file, String text) {
    var found = new ArrayList<String>();
    for (var line : text.lines().toList()) {
      var inclusion = INCLUSION.matcher(line);
      if (inclusion.matches() && found.size() < MAX_FILES) {
        CheckoutPath.of(CheckoutPath.parent(file), inclusion.group(1)).ifPresent(found::add);
      }
    }
    return found;
  }
}
