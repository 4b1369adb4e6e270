package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.Backends;
import dev.sandboxed.SandboxException;
import dev.sandboxed.maven.ci.CiServer;
import dev.sandboxed.maven.project.Phase;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/** What goals that run a project's commands in sandboxes have in common. */
abstract class AbstractRunMojo extends AbstractCheckoutMojo {

  /**
   * The directory whose tests are run, seen copy-on-write. Several, separated by commas, are run
   * one after the other. This project unless set.
   */
  @Parameter(property = "sandbox.dir")
  private @Nullable List<File> directories;

  /** The same as a program and its arguments, without a shell. */
  @Parameter private @Nullable List<String> arguments;

  /** How long the tests may take, such as {@code 90s}, {@code 30m} or {@code 2h}. */
  @Parameter(property = "sandbox.timeout", defaultValue = "30m")
  private String timeout = "30m";

  /** Where test reports go; {@code target/sandbox} unless set. */
  @Parameter(property = "sandbox.reportDirectory")
  private @Nullable File reportDirectory;

  /** Whether failing tests fail the build. */
  @Parameter(property = "sandbox.failOnError", defaultValue = "true")
  private boolean failOnError = true;

  /** Skips, with a warning, projects whose tools this machine does not have. */
  @Parameter(property = "sandbox.skipWithoutTools", defaultValue = "false")
  private boolean skipWithoutTools;

  /** Skips the goal. */
  @Parameter(property = "sandbox.skip", defaultValue = "false")
  private boolean skip;

  /** Returns the phases whose results are wanted. */
  abstract Set<Phase> phases();

  @Override
  public final void execute() throws MojoExecutionException, MojoFailureException {
    if (skip) {
      getLog().info("Skipped, as sandbox.skip is set");
      return;
    }
    try (var backend = Backends.open();
        var checkout = fetch(directories != null && !directories.isEmpty())) {
      run(backend, checkout == null ? directories() : List.of(checkout.directory()));
    } catch (UnrecognisedProjectException
        | MissingToolException
        | SandboxException
        | IOException e) {
      throw new MojoExecutionException(e.getMessage(), e);
    }
  }

  private void run(Backend backend, List<Path> directories)
      throws IOException,
          UnrecognisedProjectException,
          MissingToolException,
          MojoExecutionException,
          MojoFailureException {
    var console = new LogConsole(getLog());
    var run = new SandboxRun(backend, recognizer(), console);
    var summary = new RunSummary(console);
    var choice = new PhaseChoice(phases(), InstallMode.of(install));
    var server = CiServer.of(System.getenv(), System.out);
    var configurations = configurations(directories);
    for (var configuration : configurations) {
      try {
        var result =
            RunReports.written(
                configuration,
                server,
                console,
                skipWithoutTools,
                () -> run.run(configuration, choice));
        summary.add(configuration, result);
      } catch (MissingToolException e) {
        if (!skipWithoutTools) {
          throw e;
        }
        summary.skip(configuration, String.valueOf(e.getMessage()));
      }
    }
    overview(configurations);
    summary.show();
    var failure = summary.failure();
    if (failure.isPresent()) {
      if (summary.isOurs()) {
        throw new MojoExecutionException(failure.get());
      }
      if (failOnError) {
        throw new MojoFailureException(failure.get());
      }
      getLog().warn(failure.get());
    }
  }

  private List<RunConfiguration> configurations(List<Path> directories) throws IOException {
    var parser = parser(arguments, timeout);
    var console = new LogConsole(getLog());
    var runs = matrixRuns(parser);
    var all =
        ReportPlaces.of(directories, reportDirectory()).stream()
            .flatMap(
                place -> runs.of(parser.parse(place.checkout(), place.reports()), console).stream())
            .toList();
    var root = reportDirectory().toAbsolutePath().normalize();
    if (all.stream().anyMatch(run -> !run.reports().equals(root))) {
      // They have directories of their own in it; what an earlier run left is not theirs.
      try (var lock = ReportLock.take(root, console)) {
        ReportDirectory.open(root);
      }
    }
    return all;
  }

  /** Writes a page that leads to those of all, where there are several. */
  private void overview(List<RunConfiguration> configurations) throws IOException {
    if (configurations.size() > 1) {
      var root = reportDirectory().toAbsolutePath().normalize();
      var runs =
          EarlierRuns.of(root, configurations.stream().map(RunConfiguration::reports).toList());
      ReportDirectory.at(root).write(runs.overview());
    }
  }

  private List<Path> directories() {
    if (directories == null || directories.isEmpty()) {
      return List.of(directory(null));
    }
    return directories.stream().map(this::directory).toList();
  }

  private Path reportDirectory() {
    return reportDirectory != null ? reportDirectory.toPath() : defaultReports();
  }
}
