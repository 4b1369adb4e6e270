package dev.sandboxed.maven.project;

import dev.sandboxed.maven.warm.WarmMaven;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Downloads what the build of a project needs, from its POMs alone: beside copies of them, a class
 * and a test that do nothing are compiled and run, so that Maven and its plugins download what they
 * would for the real ones, what they find out only then too.
 */
final class MavenInstallation {
  private static final String SCRIPT = Layout.SCRATCH + "/maven-install.sh";
  private static final String LAY_OUT = Layout.SCRATCH + "/maven-lay-out.sh";
  private static final String FILES = Layout.SCRATCH + "/maven-install.files";
  private static final String SOURCES = Layout.SCRATCH + "/maven-install.sources";

  private static final String WARM = "warm-maven.sh";
  private static final String WARM_CLIENT = "warm-mvn.sh";

  /** Says inside, once it is there, that what follows was downloaded for this project. */
  static final String DONE = Layout.MAVEN_REPOSITORY + "/.installed-by-sandbox";

  /** Copies the POMs into a directory, and puts the class and the test that do nothing beside. */
  private static final String LAYING_OUT =
      """
      set -u
      cd %s || exit 1
      probe=$1
      mkdir -p "$probe" || exit 1
      while IFS= read -r file; do
        mkdir -p "$(dirname "$probe/$file")" && cp "$file" "$probe/$file" || exit 1
      done < %s
      while read -r kind directory; do
        name=Nothing
        [ "$kind" = main ] || name=SandboxedNothingTest
        mkdir -p "$probe/$directory/sandboxed/nothing" || exit 1
        printf 'package sandboxed.nothing;\\n\\npublic class %%s {}\\n' "$name" \\
          > "$probe/$directory/sandboxed/nothing/$name.java"
      done < %s
      """;

  /** Goals that need more of a checkout than its POMs; what they are made of is downloaded. */
  private static final List<String> SKIPPED =
      List.of(
          "checkstyle.skip",
          "spotless.check.skip",
          "rat.skip",
          "license.skip",
          "exec.skip",
          "maven.antrun.skip",
          "maven.gitcommitid.skip",
          "maven.plugin.skip",
          "skip.installnodenpm",
          "skip.installnodepnpm",
          "skip.installyarn",
          "skip.npm",
          "skip.pnpm",
          "skip.yarn");

  private final Checkout checkout;
  private final Reactor reactor;
  private final MavenLinters linters;

  MavenInstallation(Checkout checkout, Reactor reactor, MavenLinters linters) {
    this.checkout = checkout;
    this.reactor = reactor;
    this.linters = linters;
  }

  /**
   * Returns the step.
   *
   * @param mvn how Maven is called inside
   */
  Step step(String mvn, Inside inside) {
    inside.write(FILES, lines(reactor.keyFiles(checkout).stream().map(this::inRoot).toList()));
    inside.write(SOURCES, lines(sources()));
    inside.write(LAY_OUT, LAYING_OUT.formatted(Layout.CHECKOUT, FILES, SOURCES));
    inside.write(SCRIPT, script());
    return Step.of(Phase.INSTALL, "mvn test, for the POMs alone", "sh", SCRIPT, mvn);
  }

  /**
   * Returns how Maven gets warm, where the step was run: it builds the same again, a few times.
   *
   * @param mvn how Maven is called inside
   */
  WarmUp warmUp(String mvn) {
    var command =
        new ArrayList<>(List.of("sh", Layout.WARM + "/" + WARM, mvn, LAY_OUT, inRoot(".")));
    SKIPPED.forEach(name -> command.add("-D" + name));
    return new WarmUp(
        mvn,
        command,
        List.of("sh", Layout.WARM + "/" + WARM_CLIENT),
        Map.of(WARM, resource(WARM), WARM_CLIENT, resource(WARM_CLIENT)),
        WarmMaven.class);
  }

  private static String resource(String name) {
    try (var in = MavenInstallation.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String inRoot(String path) {
    return checkout.inRoot(Path.of(path)).toString();
  }

  /** Returns where main and test sources are, the ones before the others. */
  private List<String> sources() {
    var sources = new ArrayList<String>();
    for (var module : reactor.poms().entrySet()) {
      var pom = module.getValue();
      sources.add(
          "main "
              + directory(module.getKey(), pom.text("build", "sourceDirectory"), "src/main/java"));
      sources.add(
          "test "
              + directory(
                  module.getKey(), pom.text("build", "testSourceDirectory"), "src/test/java"));
    }
    return sources;
  }

  private String directory(Path module, Optional<String> configured, String usual) {
    return configured
        .flatMap(name -> inModule(module, name))
        .orElseGet(() -> checkout.inRoot(module.resolveSibling(usual)).toString());
  }

  private Optional<String> inModule(Path module, String name) {
    var relative = name.replace("${project.basedir}/", "").replace("${basedir}/", "");
    try {
      var path = checkout.inRoot(module.resolveSibling(relative));
      var plain = relative.matches("[\\w./-]{1,200}") && !relative.startsWith("/");
      return plain && !path.startsWith("..") ? Optional.of(path.toString()) : Optional.empty();
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private static String lines(List<String> lines) {
    return lines.stream().map(line -> line + "\n").collect(Collectors.joining());
  }

  /**
   * Returns what runs Maven, and fails only if Maven cannot read the POMs or download something: a
   * build of the POMs alone may fail for many other reasons.
   */
  private String script() {
    var project = inRoot(".");
    var preparations =
        linters.all().stream()
            .map(linter -> " " + linter.preparation())
            .collect(Collectors.joining());
    return """
    set -u
    probe=%s/maven-install
    mkdir -p %s && sh %s "$probe" || exit 1
    cd "$probe/%s" || exit 1
    command -v "$1" > /dev/null || { echo "$1 is not in the sandbox"; exit 127; }
    maven() {
      { "$@" -Dtest=SandboxedNothingTest -DfailIfNoTests=false \\
          -Dsurefire.failIfNoSpecifiedTests=false%s
        echo $? > "$probe.code"
      } 2>&1 | tee -a "$probe.log"
      [ "$(cat "$probe.code")" = 0 ] || exit 1
    }
    maven "$1" -B -ntp -fn test%s
    if grep -q 'Build failures were ignored' "$probe.log"; then
      # What comes behind a failure was not run.
      for goal in%s; do
        maven "$1" -B -ntp -fn "$goal"
      done
    fi
    if grep -q -E '%s' "$probe.log"; then
      echo 'Not all could be downloaded, as said above'
      exit 1
    fi
    if grep -q 'Build failures were ignored' "$probe.log"; then
      echo 'The POMs alone do not build; Maven will name what was not downloaded for that'
    fi
    cd / && rm -rf "$probe" "$probe.log" "$probe.code" && touch %s
    """
        .formatted(
            Layout.SCRATCH,
            Layout.MAVEN_REPOSITORY,
            LAY_OUT,
            project,
            SKIPPED.stream().map(name -> " -D" + name).collect(Collectors.joining()),
            preparations,
            preparations,
            "ResolutionException|NoPluginFoundForPrefixException"
                + "|^\\[ERROR\\].*Could not (transfer|find) artifact",
            DONE);
  }
}
