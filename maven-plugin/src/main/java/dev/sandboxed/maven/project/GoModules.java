package dev.sandboxed.maven.project;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The Go modules of a project: its own, those that its {@code go.work} uses, and those of the
 * project that stand in for others.
 *
 * @param used the directories of those that are tested together; empty for the project's own
 * @param files their manifests and checksums, and those of what stands in, as paths in the project
 */
record GoModules(List<String> used, List<String> files) {
  static final String MODULE = "go.mod";
  static final String WORKSPACE = "go.work";
  private static final int MAX_MODULES = 300;

  /** Copies the lists. */
  GoModules {
    used = List.copyOf(used);
    files = List.copyOf(files);
  }

  /** Finds them; links are not followed, and what is outside of the project is left out. */
  static GoModules find(Checkout checkout) {
    var workspace = checkout.read(WORKSPACE).orElse("");
    var named =
        inside("", arguments(workspace, "use"))
            .filter(directory -> checkout.hasFile(CheckoutPath.join(directory, MODULE)))
            .limit(MAX_MODULES)
            .toList();
    var used = named.isEmpty() ? List.of("") : named;
    var modules = new LinkedHashSet<String>();
    var todo = new ArrayDeque<>(used);
    inside("", replacements(workspace)).limit(MAX_MODULES).forEach(todo::add);
    while (!todo.isEmpty() && modules.size() < MAX_MODULES) {
      var directory = todo.remove();
      var file = CheckoutPath.join(directory, MODULE);
      if (checkout.hasFile(file) && modules.add(directory)) {
        inside(directory, replacements(checkout.read(file).orElse("")))
            .limit(MAX_MODULES)
            .forEach(todo::add);
      }
    }
    var files = new ArrayList<>(checkout.files(WORKSPACE, "go.work.sum"));
    for (var directory : modules) {
      files.addAll(
          checkout.files(
              CheckoutPath.join(directory, MODULE), CheckoutPath.join(directory, "go.sum")));
    }
    return new GoModules(used, files);
  }

  /** Returns whether anything is named with a checksum, and so may have to be downloaded. */
  boolean hasChecksums() {
    return files.stream().anyMatch(file -> file.endsWith(".sum"));
  }

  /** Returns what Go calls all packages of the modules. */
  List<String> packages() {
    return used.stream().map(d -> d.isEmpty() ? "./..." : "./" + d + "/...").toList();
  }

  private static Stream<String> inside(String directory, List<String> paths) {
    return paths.stream().map(p -> CheckoutPath.of(directory, p)).flatMap(Optional::stream);
  }

  /** Returns the directories that stand in for modules; a version would be in its place else. */
  private static List<String> replacements(String text) {
    return arguments(text, "replace").stream()
        .map(line -> line.substring(line.indexOf("=>") < 0 ? 0 : line.indexOf("=>") + 2).strip())
        .map(GoModules::unquoted)
        .filter(path -> path.startsWith("./") || path.startsWith("../"))
        .toList();
  }

  /** Returns what stands behind a word, on its line or on those in its brackets. */
  private static List<String> arguments(String text, String word) {
    var found = new ArrayList<String>();
    var inBrackets = false;
    for (var raw : text.lines().toList()) {
      var line = raw.split("//", 2)[0].strip();
      if (inBrackets) {
        inBrackets = !line.equals(")");
        if (inBrackets && !line.isEmpty()) {
          found.add(unquoted(line));
        }
      } else if (line.startsWith(word + " ") || line.startsWith(word + "\t")) {
        var rest = line.substring(word.length()).strip();
        inBrackets = rest.equals("(");
        if (!inBrackets) {
          found.add(unquoted(rest));
        }
      } else if (line.equals(word + "(")) {
        inBrackets = true;
      }
    }
    return found;
  }

  private static String unquoted(String text) {
    return text.length() > 1 && text.startsWith("\"") && text.endsWith("\"")
        ? text.substring(1, text.length() - 1)
        : text;
  }
}
