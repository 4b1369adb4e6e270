package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Finds the sources of a Python project without which its package cannot be built: that its
 * packages are there, and the modules that tell its version. Used once.
 */
final class PythonSources {
  private static final int MAX_VISITED = 2_000;
  private static final int MAX_DEPTH = 8;
  private static final Set<String> NAMES =
      Set.of(
          "__init__.py",
          "__about__.py",
          "__version__.py",
          "_version.py",
          "version.py",
          "about.py",
          "VERSION",
          "py.typed");
  private static final Set<String> OTHERS =
      Set.of("test", "tests", "doc", "docs", "build", "dist", "venv", "node_modules");

  private final Checkout checkout;
  private final List<String> found = new ArrayList<>();
  private int visited;

  PythonSources(Checkout checkout) {
    this.checkout = checkout;
  }

  /** Returns them, as paths in the project; of its first directories, if they are many. */
  List<String> find() {
    if (checkout.files("setup.py", "setup.cfg", PyProject.NAME).stream()
        .anyMatch(PythonSources.this::hasModules)) {
      checkout.filesIn("").stream().filter(name -> name.endsWith(".py")).forEach(found::add);
    }
    found.addAll(checkout.files("README.md", "README.rst", "README.txt", "README", "MANIFEST.in"));
    find("", 0);
    return List.copyOf(found);
  }

  /** Returns whether modules beside the manifest are what is built. */
  private boolean hasModules(String manifest) {
    var text = checkout.read(manifest).orElse("");
    return text.contains("py_modules") || text.contains("py-modules");
  }

  private void find(String directory, int depth) {
    if (visited++ >= MAX_VISITED || depth > MAX_DEPTH) {
      return;
    }
    checkout.filesIn(directory).stream()
        .filter(NAMES::contains)
        .map(name -> CheckoutPath.join(directory, name))
        .forEach(found::add);
    for (var name : checkout.directoriesIn(directory)) {
      if (!name.startsWith(".") && !OTHERS.contains(name)) {
        find(CheckoutPath.join(directory, name), depth + 1);
      }
    }
  }
}
