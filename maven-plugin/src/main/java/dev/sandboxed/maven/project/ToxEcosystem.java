package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Python projects that tox tests. It goes before Python's own recipe only where the project says
 * nowhere else what its tests need: tox makes environments anew, and one of them is enough here.
 */
final class ToxEcosystem implements Ecosystem {
  /** Where it keeps its environments, in the place of {@code .tox} in the checkout. */
  static final String WORK = Layout.SCRATCH + "/tox";

  private static final String OWN = Layout.SCRATCH + "/tox-program";
  private static final String OWN_PYTHON = OWN + "/bin/python";
  private static final String REPORT = Layout.SCRATCH + "/reports/tox.xml";

  private static final Pattern SECTION =
      Pattern.compile("(?m)^\\[(?:tox|testenv(?::[^\\]\\n]{1,200})?)]");

  /** A file of requirements, wherever in a setting it stands. */
  private static final Pattern INCLUDED =
      Pattern.compile("(?:^|[\\s=\"'])-[rc][ \\t]{0,9}([^\\s\"',$]{1,300})");

  private static final List<String> ROOTS = List.of("{toxinidir}/", "{tox_root}/");

  private final HostCaches caches;
  private final boolean first;

  /**
   * Makes it.
   *
   * @param first whether it goes before Python's own recipe; where it does not, it comes after
   */
  ToxEcosystem(HostCaches caches, boolean first) {
    this.caches = caches;
    this.first = first;
  }

  @Override
  public Optional<Recognition> recognise(Checkout checkout) {
    return configuration(checkout)
        .filter(file -> first == PythonInstallation.saysNothing(checkout))
        .map(
            file ->
                new Recognition(
                    "tox",
                    file,
                    keyFiles(checkout, file),
                    caches.python(),
                    inside -> plan(checkout, inside)));
  }

  /** Returns the file that tox would read; many a {@code tox.ini} has settings of others only. */
  private static Optional<String> configuration(Checkout checkout) {
    if (checkout.read("tox.ini").filter(text -> SECTION.matcher(text).find()).isPresent()) {
      return Optional.of("tox.ini");
    }
    if (checkout.read("setup.cfg").filter(text -> text.contains("[tox:tox]")).isPresent()) {
      return Optional.of("setup.cfg");
    }
    return checkout
        .firstFile("tox.toml")
        .or(
            () ->
                PyProject.read(checkout).tools().contains("tox")
                    ? Optional.of(PyProject.NAME)
                    : Optional.empty());
  }

  /** A package is built before its tests run, of which its description is a part, too. */
  private static List<String> keyFiles(Checkout checkout, String configuration) {
    var files = new LinkedHashSet<String>();
    files.add(configuration);
    files.addAll(PythonInstallation.keyFiles(checkout));
    files.addAll(new PythonSources(checkout).find());
    var included =
        INCLUDED
            .matcher(checkout.read(configuration).orElse(""))
            .results()
            .limit(100)
            .map(ToxEcosystem::path)
            .flatMap(path -> CheckoutPath.of("", path).stream())
            .toList();
    files.addAll(RequirementFiles.read(checkout, included).keySet());
    return List.copyOf(files);
  }

  private static String path(MatchResult inclusion) {
    var path = inclusion.group(1);
    return ROOTS.stream()
        .filter(path::startsWith)
        .map(root -> path.substring(root.length()))
        .findFirst()
        .orElse(path);
  }

  private TestPlan plan(Checkout checkout, Inside inside) {
    var installed = inside.succeeds(List.of("test", "-d", WORK), Map.of());
    var found = installed || inside.online() ? program(inside) : Optional.<List<String>>empty();
    if (found.isEmpty() && !inside.online()) {
      // What tox would install cannot be had; perhaps it is there for others.
      var python = new PythonEcosystem(caches).recognise(checkout);
      if (python.isPresent()) {
        return python.get().planner().plan(inside);
      }
    }
    var tox = found.orElse(List.of(OWN_PYTHON, "-m", "tox"));
    var steps = new ArrayList<Step>();
    if (!installed) {
      steps.addAll(installation(found, tox));
    }
    steps.add(Step.of(Phase.TEST, "tox", run(tox, "--skip-pkg-install")));
    var tools = PyProject.read(checkout).tools();
    var linters = new PythonLinters(checkout, tools, "python3", Set.of(), inside).find();
    steps.addAll(linters.steps());
    return new TestPlan(steps, env(), new ReportSource.File(REPORT), linters.notes());
  }

  private static Optional<List<String>> program(Inside inside) {
    return Stream.of(
            List.of(OWN_PYTHON, "-m", "tox"), List.of("python3", "-m", "tox"), List.of("tox"))
        .filter(
            tox -> {
              var version = new ArrayList<>(tox);
              version.add("--version");
              return inside.succeeds(version, Map.of());
            })
        .findFirst();
  }

  private static List<Step> installation(Optional<List<String>> found, List<String> tox) {
    var steps = new ArrayList<Step>();
    if (found.isEmpty()) {
      steps.add(Step.of(Phase.INSTALL, "venv", "python3", "-m", "venv", OWN));
      steps.add(
          Step.of(
              Phase.INSTALL,
              "pip install tox",
              OWN_PYTHON,
              "-m",
              "pip",
              "install",
              "--disable-pip-version-check",
              "--progress-bar=off",
              "tox"));
    }
    // Some packages cannot be built without their sources; their tests see these.
    var install =
        String.join(" ", run(tox, "--notest"))
            + " || "
            + String.join(" ", run(tox, "--notest", "--skip-pkg-install"));
    steps.add(Step.of(Phase.INSTALL, "tox --notest", "sh", "-c", install));
    return steps;
  }

  private static List<String> run(List<String> tox, String... options) {
    var command = new ArrayList<>(tox);
    command.addAll(List.of("run", "--workdir", WORK));
    command.addAll(List.of(options));
    return command;
  }

  private static Map<String, String> env() {
    var env = new LinkedHashMap<String, String>();
    // The environment for the Python that is there; sandbox.env can name others.
    env.put("TOXENV", "py");
    // What is installed of the project is not whole: its sources go before.
    env.put(
        "TOX_OVERRIDE",
        "testenv.pass_env+=PYTEST_ADDOPTS;testenv.set_env+=PYTHONPATH={tox_root}/src:{tox_root}");
    env.put("PYTEST_ADDOPTS", "--junitxml=" + REPORT + " -o junit_family=xunit2");
    return env;
  }
}
