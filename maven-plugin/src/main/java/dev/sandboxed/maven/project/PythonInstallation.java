package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How what a Python project depends on comes into a virtual environment. The project itself is not
 * installed: its tests see its sources.
 *
 * @param steps the commands
 * @param env what they find in their environment
 * @param packages the names of packages that are there afterwards, as far as is known
 */
record PythonInstallation(List<Step> steps, Map<String, String> env, Set<String> packages) {
  /** The virtual environment. */
  static final String VENV = Layout.SCRATCH + "/venv";

  /** Its Python. */
  static final String PYTHON = VENV + "/bin/python";

  private static final String[] REQUIREMENTS = {
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-test.txt",
    "requirements-tests.txt",
    "requirements_dev.txt",
    "requirements_test.txt",
    "dev-requirements.txt",
    "test-requirements.txt",
    "requirements/dev.txt",
    "requirements/test.txt",
    "requirements/tests.txt"
  };
  private static final String UV_LOCK = PythonLock.UV;
  private static final String POETRY_LOCK = PythonLock.POETRY;
  private static final Pattern REQUIRED = Pattern.compile("[ \\t]*([A-Za-z0-9][\\w.-]{0,200})");

  /** The project itself as a requirement: pip builds it. */
  private static final Pattern ITSELF =
      Pattern.compile(
          "(?m)^[ \\t]{0,9}(?:(?:-e|--editable)[ \\t=]{1,9})?\\.(?:\\[[^\\]\\n"
              + "]{0,200}])?[ \\t]{0,9}(?:#.*)?$");

  private static final Step MAKE_VENV =
      Step.of(Phase.INSTALL, "venv", "python3", "-m", "venv", VENV);

  /** Copies the collections. */
  PythonInstallation {
    steps = List.copyOf(steps);
    env = Map.copyOf(env);
    packages = Set.copyOf(packages);
  }

  /** Returns the files whose content decides what is installed. */
  static List<String> keyFiles(Checkout checkout) {
    var files =
        new LinkedHashSet<>(
            checkout.files(
                PyProject.NAME,
                "setup.py",
                "setup.cfg",
                UV_LOCK,
                "uv.toml",
                ".python-version",
                POETRY_LOCK,
                "poetry.toml",
                "constraints.txt"));
    var requirements = RequirementFiles.read(checkout, checkout.files(REQUIREMENTS));
    files.addAll(requirements.keySet());
    if (requirements.values().stream().anyMatch(text -> ITSELF.matcher(text).find())) {
      files.addAll(new PythonSources(checkout).find());
    }
    files.addAll(PyProject.members(checkout));
    return List.copyOf(files);
  }

  /** Returns whether nothing but a script names what the project and its tests need. */
  static boolean saysNothing(Checkout checkout) {
    return checkout.files(REQUIREMENTS).isEmpty()
        && checkout.files(UV_LOCK, POETRY_LOCK).isEmpty()
        && PyProject.read(checkout).requirements().isEmpty();
  }

  /**
   * Plans it: with the tool whose lock file the project has, if it is there, or else with pip.
   *
   * @return empty if there is nothing to install, or all that is needed is there already
   */
  static Optional<PythonInstallation> plan(Checkout checkout, Inside inside) {
    if (checkout.hasFile(UV_LOCK) && inside.succeeds(List.of("uv", "--version"), Map.of())) {
      return Optional.of(uv(checkout, inside));
    }
    if (checkout.hasFile(POETRY_LOCK)
        && inside.succeeds(List.of("poetry", "--version"), Map.of())) {
      return Optional.of(poetry(checkout));
    }
    return pip(checkout, inside);
  }

  private static PythonInstallation uv(Checkout checkout, Inside inside) {
    var env = new LinkedHashMap<String, String>();
    env.put("UV_PROJECT_ENVIRONMENT", VENV);
    env.put("UV_CACHE_DIR", Layout.UV_CACHE);
    env.put("UV_LINK_MODE", "copy");
    env.put("UV_PYTHON_DOWNLOADS", "never");
    env.put("UV_OFFLINE", Boolean.toString(!inside.online()));
    var lock = PythonLock.read(checkout, UV_LOCK);
    var options = new ArrayList<String>();
    options.addAll(
        List.of("sync", "--frozen", "--no-install-workspace", "--all-extras", "--all-groups"));
    // Their manifests alone cannot be built; tests see their sources.
    lock.local().keySet().forEach(name -> options.add("--no-install-package=" + name));
    return new PythonInstallation(
        List.of(Step.of(Phase.INSTALL, "uv sync", command("uv", options, List.of()))),
        env,
        lock.packages());
  }

  private static PythonInstallation poetry(Checkout checkout) {
    var lock = PythonLock.read(checkout, POETRY_LOCK);
    var options = List.of("install", "--no-interaction", "--no-root", "--all-extras");
    // From 1.5 on; their manifests alone cannot be built.
    var without = lock.local().isEmpty() ? List.<String>of() : List.of("--no-directory");
    return new PythonInstallation(
        List.of(
            MAKE_VENV,
            new Step(
                Phase.INSTALL,
                "poetry install",
                command("poetry", options, without),
                Map.of("VIRTUAL_ENV", VENV, "POETRY_CACHE_DIR", Layout.POETRY_CACHE),
                Step.OutputFormat.TEXT)),
        Map.of(),
        lock.packages());
  }

  /** Returns the names of what pip is told to install, by itself or in files. */
  private static Set<String> required(Checkout checkout, List<String> wanted) {
    return Stream.concat(
            wanted.stream(),
            RequirementFiles.read(checkout, checkout.files(REQUIREMENTS)).values().stream()
                .flatMap(String::lines))
        .map(REQUIRED::matcher)
        .filter(Matcher::lookingAt)
        .map(m -> m.group(1).toLowerCase(Locale.ROOT))
        .collect(Collectors.toSet());
  }

  private static Optional<PythonInstallation> pip(Checkout checkout, Inside inside) {
    var wanted = new ArrayList<String>();
    for (var file : checkout.files(REQUIREMENTS)) {
      wanted.add("-r");
      wanted.add(file);
    }
    wanted.addAll(PyProject.read(checkout).requirements());
    if (wanted.isEmpty()) {
      return Optional.empty();
    }
    wanted.add("pytest");
    var dry =
        command("python3", List.of("-m", "pip", "install", "--dry-run", "--no-index"), wanted);
    if (inside.succeeds(dry, Map.of("PIP_DISABLE_PIP_VERSION_CHECK", "1"))) {
      return Optional.empty();
    }
    return Optional.of(
        new PythonInstallation(
            List.of(
                MAKE_VENV,
                Step.of(
                    Phase.INSTALL,
                    "pip install",
                    command(
                        PYTHON,
                        List.of(
                            "-m",
                            "pip",
                            "install",
                            "--disable-pip-version-check",
                            "--progress-bar=off"),
                        wanted))),
            Map.of(),
            required(checkout, wanted)));
  }

  private static List<String> command(String program, List<String> first, List<String> then) {
    var command = new ArrayList<String>();
    command.add(program);
    command.addAll(first);
    command.addAll(then);
    return command;
  }
}
