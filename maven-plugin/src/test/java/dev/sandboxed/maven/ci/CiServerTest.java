package dev.sandboxed.maven.ci;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.maven.report.Finding;
import dev.sandboxed.maven.report.Finding.Level;
import dev.sandboxed.maven.report.Finding.Place;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What servers are told in the log, and what they obey of it. */
class CiServerTest {
  private static final Path CHECKOUT = Path.of("/builds/team/project/module");
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream log = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  @Test
  void only_the_server_that_runs_the_build_is_told_anything() {
    for (var env :
        List.of(
            Map.<String, String>of(),
            Map.of("GITHUB_ACTIONS", "false"),
            Map.of("GITHUB_ACTIONS", "1", "GITLAB_CI", ""))) {
      var server = CiServer.of(env, log);
      server.fold("a run").close();
      server.annotate(List.of(finding("no", Level.ERROR, "no")), CHECKOUT);
    }
    assertThat(bytes.size()).isZero();
  }

  @Test
  void github_shows_findings_beside_the_sources_of_its_workspace() {
    var server = github("/builds/team/project");
    server.annotate(
        List.of(
            new Finding(
                "ruff", "F401", Level.WARNING, "unused", Optional.of(new Place("a,b:c.py", 3))),
            new Finding(
                "tests",
                "T.t",
                Level.ERROR,
                "100%\n::error::x",
                Optional.of(new Place("T.java", 0))),
            new Finding("tests", "T.u", Level.ERROR, "", Optional.empty())),
        CHECKOUT);
    server.annotate(
        List.of(new Finding("x", "", Level.NOTE, "away", Optional.of(new Place("../../../x", 1)))),
        CHECKOUT);
    assertThat(lines())
        .containsExactly(
            "::error title=tests%3A T.t,file=module/T.java::100%25%0A::error::x",
            "::error title=tests%3A T.u::tests: T.u",
            "::warning title=ruff%3A F401,file=module/a%2Cb%3Ac.py,line=3::unused",
            "::notice title=x::away");
  }

  @Test
  void github_is_told_as_many_as_it_shows() {
    var server = github("");
    server.annotate(Collections.nCopies(500, finding("x", Level.ERROR, "y")), CHECKOUT);
    assertThat(lines()).hasSize(10);
  }

  @Test
  void github_obeys_nothing_that_a_folded_run_prints() {
    var server = github("");
    try (var fold = server.fold("a%\nrun")) {
      assertThat(fold).isNotNull();
      List.of(
              "::error::x",
              "::endgroup::",
              "::stop-commands::guess",
              "::guess::",
              "::stop-commands::",
              "::::",
              " ::add-mask::a")
          .forEach(log::println);
    }
    server.annotate(List.of(finding("T.t", Level.ERROR, "broken")), CHECKOUT);
    assertThat(obeyed())
        .containsExactly("group a%25%0Arun", "endgroup ", "error title=tests%3A T.t broken");
  }

  @Test
  void each_part_has_a_word_of_its_own_and_ends_once() {
    var server = github("");
    var first = server.fold("a");
    first.close();
    first.close();
    server.fold("a").close();
    var words = lines().stream().filter(l -> l.startsWith("::stop-commands::")).toList();
    assertThat(words).hasSize(2).doesNotHaveDuplicates().allMatch(l -> l.length() == 17 + 32);
    assertThat(lines()).filteredOn("::endgroup::"::equals).hasSize(2);
  }

  @Test
  void gitlab_folds_a_run() {
    var server = CiServer.of(Map.of("GITLAB_CI", "true"), log);
    server.fold("a run").close();
    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .matches(
            "\u001b\\[0Ksection_start:\\d+:(sandbox_[0-9a-f]{32})\\[collapsed=true]\r"
                + "\u001b\\[0Ka run\\R\u001b\\[0Ksection_end:\\d+:\\1\r"
                + "\u001b\\[0K\\R");
  }

  private CiServer github(String workspace) {
    return CiServer.of(Map.of("GITHUB_ACTIONS", "true", "GITHUB_WORKSPACE", workspace), log);
  }

  private static Finding finding(String rule, Level level, String message) {
    return new Finding("tests", rule, level, message, Optional.empty());
  }

  private List<String> lines() {
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }

  /** Reads the log as GitHub describes it: returns the commands that it obeys. */
  private List<String> obeyed() {
    var command = Pattern.compile("\\s*::([^: ]+)(?: ([^:]*))?::(.*)");
    var obeyed = new ArrayList<String>();
    var word = "";
    for (var line : lines()) {
      var match = command.matcher(line);
      if (!word.isEmpty()) {
        if (line.strip().equals("::" + word + "::")) {
          word = "";
        }
      } else if (match.matches() && match.group(1).equals("stop-commands")) {
        word = match.group(3);
      } else if (match.matches()) {
        var properties = match.group(2) == null ? "" : match.group(2) + " ";
        obeyed.add(match.group(1) + " " + properties + match.group(3));
      }
    }
    return obeyed;
  }
}
