package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.Backends;
import dev.sandboxed.SandboxException;
import dev.sandboxed.maven.project.HostCaches;
import dev.sandboxed.maven.project.ProjectRecognizer;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.project.MavenProject;
import org.jspecify.annotations.Nullable;

/**
 * Runs the test suite of this project, or of another directory, in a gVisor sandbox: an own kernel,
 * the checkout copy-on-write, no network unless {@code sandbox.network} opens one.
 *
 * <p>Maven, npm, Python, Go, Rust and Make projects are recognised by their files. Test results are
 * collected as JUnit XML.
 */
@Mojo(name = "run", requiresProject = false, aggregator = true, threadSafe = true)
public final class RunMojo extends AbstractMojo {

  /**
   * The directory whose tests are run, seen copy-on-write. Several, separated by commas, are run
   * one after the other. This project unless set.
   */
  @Parameter(property = "sandbox.dir")
  private @Nullable List<File> directories;

  /** Where in the directory the project is, such as {@code module-a}; relative. */
  @Parameter(property = "sandbox.workdir", defaultValue = ".")
  private String workdir = ".";

  /** What to run instead of what is recognised: a line for {@code sh -c}. */
  @Parameter(property = "sandbox.command")
  private @Nullable String command;

  /** The same as a program and its arguments, without a shell. */
  @Parameter private @Nullable List<String> arguments;

  /** The memory of everything inside, such as {@code 2g}; half of the machine's unless set. */
  @Parameter(property = "sandbox.memory")
  private @Nullable String memory;

  /** How many processors' time, such as {@code 1.5}; no limit unless set. */
  @Parameter(property = "sandbox.cpus")
  private @Nullable String cpus;

  /** What may be written to the sandbox's own disk, such as {@code 8g}; 4 GiB unless set. */
  @Parameter(property = "sandbox.disk")
  private @Nullable String disk;

  /** How many processes and threads; 4096 unless set. */
  @Parameter(property = "sandbox.processes")
  private @Nullable Integer processes;

  /** How long the tests may take, such as {@code 90s}, {@code 30m} or {@code 2h}. */
  @Parameter(property = "sandbox.timeout", defaultValue = "30m")
  private String timeout = "30m";

  /** The root file system: {@code host}, or the path of a directory or of a tar file. */
  @Parameter(property = "sandbox.image", defaultValue = "host")
  private String image = "host";

  /**
   * Environment variables inside, separated by commas: {@code NAME=value}, or {@code NAME} for the
   * value on the host, which is treated as a secret.
   */
  @Parameter(property = "sandbox.env")
  private @Nullable List<String> env;

  /** Environment variables inside, as elements; for values that hold commas. */
  @Parameter private @Nullable Map<String, String> environment;

  /** Lets the tests change the host's checkout. Only for code that you trust with it. */
  @Parameter(property = "sandbox.writable", defaultValue = "false")
  private boolean writable;

  /**
   * The destinations outside that may be reached, separated by commas: patterns such as {@code
   * *.example.org}, {@code api.example.com:443} or {@code 203.0.113.0/24}, {@code build-tools} for
   * what the user's own Maven, npm, pip, Cargo and Go configuration names, or {@code everything}.
   * None unless set.
   */
  @Parameter(property = "sandbox.network")
  private @Nullable List<String> network;

  /** The destinations that stay closed all the same, as patterns separated by commas. */
  @Parameter(property = "sandbox.network.deny")
  private @Nullable List<String> networkDeny;

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

  @Parameter(defaultValue = "${session}", readonly = true, required = true)
  private @Nullable MavenSession session;

  @Parameter(defaultValue = "${project}", readonly = true)
  private @Nullable MavenProject project;

  /** Made by Maven. */
  public RunMojo() {}

  @Override
  public void execute() throws MojoExecutionException, MojoFailureException {
    if (skip) {
      getLog().info("Skipped, as sandbox.skip is set");
      return;
    }
    try (var backend = Backends.open()) {
      run(backend);
    } catch (UnrecognisedProjectException
        | MissingToolException
        | SandboxException
        | IOException e) {
      throw new MojoExecutionException(e.getMessage(), e);
    }
  }

  private void run(Backend backend)
      throws IOException, UnrecognisedProjectException, MissingToolException, MojoFailureException {
    var run = new SandboxRun(backend, new ProjectRecognizer(caches()), new LogConsole(getLog()));
    var summary = new RunSummary(new LogConsole(getLog()));
    for (var configuration : configurations()) {
      try {
        summary.add(configuration, run.run(configuration));
      } catch (MissingToolException e) {
        if (!skipWithoutTools) {
          throw e;
        }
        summary.skip(configuration, String.valueOf(e.getMessage()));
      }
    }
    summary.show();
    var failure = summary.failure();
    if (failure.isPresent()) {
      if (failOnError) {
        throw new MojoFailureException(failure.get());
      }
      getLog().warn(failure.get());
    }
  }

  private List<RunConfiguration> configurations() {
    var parser =
        new ParameterParser(
            workdir,
            command,
            arguments,
            memory,
            cpus,
            disk,
            processes,
            timeout,
            image,
            env,
            environment,
            writable,
            new NetworkParameters(network, networkDeny));
    var all = new ArrayList<RunConfiguration>();
    var directories = directories();
    var names = new HashSet<String>();
    for (var directory : directories) {
      var reports = reportDirectory();
      if (directories.size() > 1) {
        var name = String.valueOf(directory.getFileName());
        var unique = name;
        for (var i = 2; !names.add(unique); i++) {
          unique = name + "-" + i;
        }
        reports = reports.resolve(unique);
      }
      all.add(parser.parse(directory, reports));
    }
    return all;
  }

  private List<Path> directories() {
    if (directories == null || directories.isEmpty()) {
      return List.of(base());
    }
    return directories.stream().map(d -> d.toPath().toAbsolutePath().normalize()).toList();
  }

  private Path base() {
    return project != null && project.getBasedir() != null
        ? project.getBasedir().toPath()
        : Path.of("").toAbsolutePath();
  }

  private Path reportDirectory() {
    if (reportDirectory != null) {
      return reportDirectory.toPath();
    }
    return project != null && project.getFile() != null
        ? Path.of(project.getBuild().getDirectory()).resolve("sandbox")
        : base().resolve("target/sandbox");
  }

  private HostCaches caches() {
    var request = session == null ? null : session.getRequest();
    var home = Path.of(System.getProperty("user.home", "/"));
    return new HostCaches(
        request == null || request.getLocalRepositoryPath() == null
            ? home.resolve(".m2/repository")
            : request.getLocalRepositoryPath().toPath(),
        Optional.ofNullable(System.getProperty("maven.home")).map(Path::of),
        home,
        System.getenv());
  }
}
