package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * What a lock file of uv or Poetry names.
 *
 * @param packages the names of all packages
 * @param local the directories of those that are in the project, by their names, as paths in it
 */
record PythonLock(Set<String> packages, Map<String, String> local) {
  static final String UV = "uv.lock";
  static final String POETRY = "poetry.lock";
  private static final int MAX_LOCAL = 500;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][\\w.-]{0,200}");

  /** Copies the collections. */
  PythonLock {
    packages = Set.copyOf(packages);
    local = Collections.unmodifiableMap(new LinkedHashMap<>(local));
  }

  /** Reads one; one that names nothing if it is missing, or none that its tool would read. */
  static PythonLock read(Checkout checkout, String file) {
    var packages = new LinkedHashSet<String>();
    var local = new LinkedHashMap<String, String>();
    for (var entry :
        checkout.read(file).flatMap(Toml::parse).stream()
            .flatMap(root -> root.path("package").valueStream())
            .toList()) {
      var name = entry.path("name").asString("");
      if (NAME.matcher(name).matches()) {
        packages.add(name);
        CheckoutPath.of("", directory(entry.path("source")))
            .filter(d -> !d.isEmpty() && local.size() < MAX_LOCAL && checkout.hasDirectory(d))
            .ifPresent(d -> local.put(name, d));
      }
    }
    return new PythonLock(packages, local);
  }

  private static String directory(JsonNode source) {
    if (source.path("type").asString("").equals("directory")) {
      return source.path("url").asString("");
    }
    return source.path("editable").asString(source.path("directory").asString(""));
  }

  /** Returns where the sources of local packages are, as paths in the project. */
  static List<String> sources(Checkout checkout) {
    var found = new LinkedHashSet<String>();
    for (var file : List.of(UV, POETRY)) {
      for (var directory : read(checkout, file).local().values()) {
        var src = CheckoutPath.join(directory, "src");
        found.add(checkout.hasDirectory(src) ? src : directory);
      }
    }
    return new ArrayList<>(found);
  }
}
