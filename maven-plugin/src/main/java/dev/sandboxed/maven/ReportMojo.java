package dev.sandboxed.maven;

import dev.sandboxed.maven.ReportPlaces.ReportPlace;
import dev.sandboxed.maven.ci.CiServer;
import dev.sandboxed.maven.report.HtmlPage;
import dev.sandboxed.maven.report.Overview;
import dev.sandboxed.maven.report.RunReport;
import dev.sandboxed.maven.report.Verdict;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.project.MavenProject;
import org.jspecify.annotations.Nullable;

/**
 * Makes pages, summaries and annotations of earlier runs anew, from what those have left in the
 * directory of reports, and a page that leads to all of them. Nothing is run.
 */
@Mojo(name = "report", requiresProject = false, aggregator = true, threadSafe = true)
public final class ReportMojo extends AbstractMojo {

  /** Where the reports are; {@code target/sandbox} unless set. */
  @Parameter(property = "sandbox.reportDirectory")
  @Nullable File reportDirectory;

  /**
   * The directories that were run, separated by commas: annotations are shown at their files. This
   * project unless set.
   */
  @Parameter(property = "sandbox.dir")
  @Nullable List<File> directories;

  /** Whether the build fails if one of the runs has failed. */
  @Parameter(property = "sandbox.failOnError", defaultValue = "false")
  boolean failOnError;

  @Parameter(defaultValue = "${project}", readonly = true)
  private @Nullable MavenProject project;

  /** Made by Maven. */
  public ReportMojo() {}

  @Override
  public void execute() throws MojoExecutionException, MojoFailureException {
    var places = new BuildPlaces(project);
    var root =
        (reportDirectory == null ? places.reports() : reportDirectory.toPath())
            .toAbsolutePath()
            .normalize();
    try {
      var earlier = EarlierRuns.in(root);
      if (earlier.runs().isEmpty()) {
        throw new MojoExecutionException(
            "There are no reports of runs in %s; run sandbox:run first, or set sandbox.reportDirectory"
                .formatted(root));
      }
      write(earlier, checkouts(places, root));
      judge(earlier.overview(), root);
    } catch (IOException e) {
      throw new MojoExecutionException(e.getMessage(), e);
    }
  }

  private List<ReportPlace> checkouts(BuildPlaces places, Path root) {
    var chosen = directories == null ? List.<File>of() : directories;
    return ReportPlaces.of(
        chosen.isEmpty()
            ? List.of(places.directory(null))
            : chosen.stream().map(places::directory).toList(),
        root);
  }

  private void write(EarlierRuns earlier, List<ReportPlace> checkouts) throws IOException {
    var console = new LogConsole(getLog());
    var server = CiServer.of(System.getenv(), System.out);
    for (var run : earlier.runs()) {
      if (run.isReadable()) {
        try (var lock = ReportLock.take(run.directory(), console)) {
          ReportDirectory.at(run.directory()).write(run.report(), run.tests());
        }
        server.annotate(run.report().findings(), checkout(run, checkouts));
      }
      console.info(line(run.report(), run.directory()));
    }
    ReportDirectory.at(earlier.root()).write(earlier.overview());
    console.info("All of them: " + earlier.root().resolve(Overview.PAGE));
  }

  /** Where it is not known which directory was run, places are taken to be in the first. */
  private static Path checkout(EarlierRun run, List<ReportPlace> checkouts) {
    return checkouts.stream()
        .filter(place -> place.reports().equals(run.directory()))
        .findFirst()
        .orElse(checkouts.get(0))
        .checkout();
  }

  private static String line(RunReport report, Path directory) {
    return "%s: %s. %s%s"
        .formatted(
            report.project(),
            words(report.verdict()),
            report.reason().isEmpty() ? "" : report.reason() + ". ",
            directory.resolve(HtmlPage.FILE));
  }

  private void judge(Overview overview, Path root)
      throws MojoExecutionException, MojoFailureException {
    var verdict = overview.verdict();
    if (verdict.exitCode() == 0) {
      return;
    }
    var failed = overview.runs().stream().filter(r -> r.report().verdict().exitCode() != 0).count();
    var message =
        "%d of %d runs did not pass: %s, exitCode %d. See %s"
            .formatted(
                failed,
                overview.runs().size(),
                words(verdict),
                verdict.exitCode(),
                root.resolve(Overview.PAGE));
    if (!failOnError) {
      getLog().warn(message);
    } else if (verdict == Verdict.ERROR) {
      throw new MojoExecutionException(message);
    } else {
      throw new MojoFailureException(message);
    }
  }

  private static String words(Verdict verdict) {
    return verdict.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
