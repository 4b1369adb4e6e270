package dev.sandboxed.maven;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.core.binaries.CacheRoot;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.maven.git.GitCheckout;
import dev.sandboxed.maven.git.GitFetcher;
import dev.sandboxed.maven.git.GitRepository;
import dev.sandboxed.maven.git.Submodules;
import dev.sandboxed.maven.project.HostCaches;
import dev.sandboxed.maven.project.HostJdks;
import dev.sandboxed.maven.project.HostTools;
import dev.sandboxed.maven.project.ProjectRecognizer;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.inject.Inject;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.project.MavenProject;
import org.eclipse.aether.RepositorySystem;
import org.jspecify.annotations.Nullable;

/** What goals that start a sandbox on a checkout have in common: how the sandbox is made. */
abstract class AbstractCheckoutMojo extends AbstractMojo {
  private static final Duration FETCH_LIMIT = Duration.ofMinutes(30);

  /**
   * A Git repository whose files take the place of a directory: {@code https://…}, {@code ssh://…},
   * {@code user@host:path}, {@code file:///…}, or a directory. It is fetched, without its history,
   * by the git of this machine and with its credentials, which stay outside.
   */
  @Parameter(property = "sandbox.repo")
  @Nullable String repo;

  /** A branch, a tag or the full id of a commit; the repository's default branch unless set. */
  @Parameter(property = "sandbox.ref")
  @Nullable String ref;

  /**
   * What becomes of its submodules: {@code anonymous} fetches them as anybody can, over HTTPS,
   * {@code credentials} with those of the user, {@code none} leaves them out.
   */
  @Parameter(property = "sandbox.submodules", defaultValue = "anonymous")
  String submodules = "anonymous";

  /** Where in the directory the project is, such as {@code module-a}; relative. */
  @Parameter(property = "sandbox.workdir", defaultValue = ".")
  String workdir = ".";

  /** What to run instead of what is recognised, or of a shell: a line for {@code sh -c}. */
  @Parameter(property = "sandbox.command")
  @Nullable String command;

  /** The memory of everything inside, such as {@code 2g}; half of the machine's unless set. */
  @Parameter(property = "sandbox.memory")
  @Nullable String memory;

  /** How many processors' time, such as {@code 1.5}; no limit unless set. */
  @Parameter(property = "sandbox.cpus")
  @Nullable String cpus;

  /** What may be written to the sandbox's own disk, such as {@code 8g}; 4 GiB unless set. */
  @Parameter(property = "sandbox.disk")
  @Nullable String disk;

  /** How many processes and threads; 4096 unless set. */
  @Parameter(property = "sandbox.processes")
  @Nullable Integer processes;

  /**
   * The root file system: {@code host}, the path of a directory or of a tar file, or else an image
   * of a registry, such as {@code localhost:5000/team/build:21}. The host's tools unless set.
   */
  @Parameter(property = "sandbox.image")
  @Nullable String image;

  /**
   * A suite of Debian, such as {@code bookworm}, whose base system is the root file system; built
   * once from the packages of the host's own apt sources.
   */
  @Parameter(property = "sandbox.debian")
  @Nullable String debian;

  /** A Dockerfile that describes the root file system; it may copy what lies beside it. */
  @Parameter(property = "sandbox.dockerfile")
  @Nullable File dockerfile;

  /**
   * Which entries of the matrix of a {@code sandbox.yaml} are meant, separated by commas; {@code
   * all} or {@code none} of them. All of this project, and none of others, unless set.
   */
  @Parameter(property = "sandbox.matrix")
  @Nullable List<String> matrix;

  /** Debian packages to install on the root file system, separated by commas. */
  @Parameter(property = "sandbox.aptInstall")
  @Nullable List<String> aptInstall;

  /**
   * What else is done to the root file system, in this order; kept, and done once. Each {@code
   * <step>} has one of {@code <aptInstall>}, {@code <pipInstall>}, {@code <npmInstall>}, {@code
   * <run>}, {@code <arguments>}, {@code <env>}, {@code <workdir>}, {@code <user>}, {@code <copy>}
   * with {@code <to>}, or {@code <entrypoint>}.
   */
  @Parameter @Nullable List<StepParameters> steps;

  /**
   * Environment variables inside, separated by commas: {@code NAME=value}, or {@code NAME} for the
   * value on the host, which is treated as a secret.
   */
  @Parameter(property = "sandbox.env")
  @Nullable List<String> env;

  /** Environment variables inside, as elements; for values that hold commas. */
  @Parameter @Nullable Map<String, String> environment;

  /** Lets code inside change the host's checkout. Only for code that you trust with it. */
  @Parameter(property = "sandbox.writable", defaultValue = "false")
  boolean writable;

  /**
   * The destinations outside that may be reached, separated by commas: patterns such as {@code
   * *.example.org}, {@code api.example.com:443} or {@code 203.0.113.0/24}, {@code build-tools} for
   * what the user's own Maven, npm, Yarn, pip, Cargo and Go configuration names, or {@code
   * everything}. None unless set.
   */
  @Parameter(property = "sandbox.network")
  @Nullable List<String> network;

  /** The destinations that stay closed all the same, as patterns separated by commas. */
  @Parameter(property = "sandbox.network.deny")
  @Nullable List<String> networkDeny;

  /**
   * Named volumes, which outlive the sandbox, separated by commas: {@code pip-cache:/cache}, {@code
   * models/v2:/models} for a part of one, or {@code site:/site:ro} to read only.
   */
  @Parameter(property = "sandbox.volumes")
  @Nullable List<String> volumes;

  /**
   * How what the project depends on is installed: {@code network}, once, in a sandbox of its own
   * with the network of the build tools, and kept while the files that it depends on are unchanged;
   * {@code warm}, likewise, and with a memory snapshot of a Maven that has run already; or {@code
   * caches}, each time, where the tests run, from the caches of this machine.
   */
  @Parameter(property = "sandbox.install", defaultValue = "network")
  String install = "network";

  @Inject private @Nullable RepositorySystem repositories;

  @Parameter(defaultValue = "${session}", readonly = true, required = true)
  private @Nullable MavenSession session;

  @Parameter(defaultValue = "${project}", readonly = true)
  private @Nullable MavenProject project;

  /** Returns a parser of the parameters. */
  final ParameterParser parser(@Nullable List<String> arguments, String timeout) {
    return new ParameterParser(
        workdir,
        command,
        arguments,
        memory,
        cpus,
        disk,
        processes,
        timeout,
        new ImageParameters(image, debian, dockerfile, aptInstall, steps),
        env,
        environment,
        writable,
        new NetworkParameters(network, networkDeny),
        new VolumeParameters(volumes));
  }

  /** Returns what makes one run, or several, of that which a parser has read. */
  final MatrixRuns matrixRuns(ParameterParser parser) {
    var own = repo == null ? Optional.of(directory(null)) : Optional.<Path>empty();
    return new MatrixRuns(matrix, parser.image(), own);
  }

  /** Returns the directory of a parameter, and this project's unless it is set. */
  final Path directory(@Nullable File chosen) {
    return new BuildPlaces(project).directory(chosen);
  }

  /** Returns where the reports of this project go, unless told otherwise. */
  final Path defaultReports() {
    return new BuildPlaces(project).reports();
  }

  /**
   * Fetches the repository, if there is to be one.
   *
   * @return its files, until they are closed; null if there is none
   */
  final @Nullable GitCheckout fetch(boolean directoryIsSet) throws IOException {
    if (repo == null) {
      if (ref != null) {
        throw new InvalidSpecException(
            "sandbox.ref is %s, but there is no sandbox.repo to find it in".formatted(ref));
      }
      return null;
    }
    if (directoryIsSet) {
      throw new InvalidSpecException("Both sandbox.repo and sandbox.dir are set; choose one");
    }
    if (writable) {
      throw new InvalidSpecException(
          "sandbox.writable has no meaning with sandbox.repo, whose files are removed at the end;"
              + " leave it out");
    }
    var repository = GitRepository.of(repo, Optional.ofNullable(ref), Path.of("").toAbsolutePath());
    var fetcher =
        new GitFetcher(System.getenv(), FETCH_LIMIT, line -> getLog().info(SafeText.line(line)));
    var fetched =
        fetcher.fetch(
            repository,
            Submodules.of(submodules),
            defaultReports().resolveSibling("sandbox-checkout"));
    if (!fetched.largeFiles().isEmpty()) {
      getLog()
          .warn(
              SafeText.line(
                  "Kept by Git LFS and not fetched, so that only their pointers are there: %,d files, such as %s"
                      .formatted(fetched.largeFiles().size(), fetched.largeFiles().get(0))));
    }
    return fetched;
  }

  /** Returns what the host's build tools have downloaded. */
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

  /** Returns what recognises projects, with what this machine has for them. */
  final ProjectRecognizer recognizer() {
    var home = Path.of(System.getProperty("user.home", "/"));
    var jdks = HostJdks.find(System.getenv(), home);
    if (session == null || project == null || repositories == null) {
      return new ProjectRecognizer(caches());
    }
    var mavens =
        new FetchedMavens(
            repositories,
            session.getRepositorySession(),
            project.getRemotePluginRepositories(),
            CacheRoot.from(Settings.ofProcess()).directory("maven"));
    var version = session.getSystemProperties().getProperty("maven.version", "");
    return new ProjectRecognizer(
        caches(),
        new HostTools(version, mavens, jdks),
        InstallMode.of(install) == InstallMode.WARM);
  }
}
