package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Finds the linters that a Python project has configured. */
final class PythonLinters {
  private static final Pattern HAS_TARGETS =
      Pattern.compile("(?m)^[ \\t]*(?:files|packages|modules)[ \\t]*=");

  private final Checkout checkout;
  private final Set<String> tools;
  private final String python;
  private final Set<String> installed;
  private final Inside inside;

  /**
   * Makes a search.
   *
   * @param tools the tools that {@code pyproject.toml} configures
   * @param python the Python of the tests
   * @param installed the names of packages that will be there for it, once they are installed
   */
  PythonLinters(
      Checkout checkout, Set<String> tools, String python, Set<String> installed, Inside inside) {
    this.checkout = checkout;
    this.tools = Set.copyOf(tools);
    this.python = python;
    this.installed = Set.copyOf(installed);
    this.inside = inside;
  }

  Linters find() {
    var found = new Linters();
    configuration("ruff", "ruff.toml", ".ruff.toml")
        .ifPresent(c -> add(found, "ruff", c, "check", "."));
    configuration("flake8", ".flake8")
        .or(() -> section("flake8"))
        .ifPresent(c -> add(found, "flake8", c, "--exclude=.git,.venv,venv,.tox,build,dist"));
    configuration("mypy", "mypy.ini", ".mypy.ini")
        .or(() -> section("mypy"))
        .ifPresent(c -> add(found, "mypy", c, namesTargets(c) ? List.of() : List.of(".")));
    configuration("black").ifPresent(c -> add(found, "black", c, "--check", "."));
    configuration("isort", ".isort.cfg")
        .ifPresent(c -> add(found, "isort", c, "--check-only", "."));
    return found;
  }

  private Optional<String> configuration(String tool, String... files) {
    return checkout
        .firstFile(files)
        .or(() -> tools.contains(tool) ? Optional.of(PyProject.NAME) : Optional.empty());
  }

  /** Returns the file that is shared by several tools and has a section of this one. */
  private Optional<String> section(String tool) {
    return List.of("setup.cfg", "tox.ini").stream()
        .filter(
            f ->
                checkout
                    .read(f)
                    .filter(t -> t.lines().anyMatch(("[" + tool + "]")::equals))
                    .isPresent())
        .findFirst();
  }

  private boolean namesTargets(String configuration) {
    return checkout.read(configuration).filter(t -> HAS_TARGETS.matcher(t).find()).isPresent();
  }

  private void add(Linters found, String name, String configuration, String... arguments) {
    add(found, name, configuration, List.of(arguments));
  }

  private void add(Linters found, String name, String configuration, List<String> arguments) {
    var module = List.of(python, "-m", name);
    if (installed.contains(name) || isThere(module)) {
      found.add(step(name, module, arguments), configuration);
    } else if (isThere(List.of(name))) {
      found.add(step(name, List.of(name), arguments), configuration);
    } else {
      found.miss(name, configuration);
    }
  }

  /** Ruff prints for people or writes SARIF, and is quick enough to be run for both. */
  private static Step step(String name, List<String> program, List<String> arguments) {
    var step = Step.of(Phase.LINT, name, command(program, arguments));
    if (!name.equals("ruff")) {
      return step;
    }
    var path = SarifOutput.path(name);
    var quietly =
        List.of("--quiet", "--exit-zero", "--output-format=sarif", "--output-file=" + path);
    return step.with(new SarifOutput(command(step.command(), quietly), path));
  }

  private boolean isThere(List<String> program) {
    return inside.succeeds(command(program, List.of("--version")), Map.of());
  }

  private static List<String> command(List<String> program, List<String> arguments) {
    var command = new ArrayList<>(program);
    command.addAll(arguments);
    return command;
  }
}
