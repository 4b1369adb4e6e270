package dev.sandboxed.maven;

import dev.sandboxed.maven.project.HostCaches;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.project.MavenProject;
import org.jspecify.annotations.Nullable;

/** What goals that start a sandbox on a checkout have in common: how the sandbox is made. */
abstract class AbstractCheckoutMojo extends AbstractMojo {

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
   * of a registry, such as {@code localhost:5000/team/build:21}.
   */
  @Parameter(property = "sandbox.image", defaultValue = "host")
  String image = "host";

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
   * what the user's own Maven, npm, pip, Cargo and Go configuration names, or {@code everything}.
   * None unless set.
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
        image,
        env,
        environment,
        writable,
        new NetworkParameters(network, networkDeny),
        new VolumeParameters(volumes));
  }

  /** Returns the directory of a parameter, and this project's unless it is set. */
  final Path directory(@Nullable File chosen) {
    if (chosen != null) {
      return chosen.toPath().toAbsolutePath().normalize();
    }
    return project != null && project.getBasedir() != null
        ? project.getBasedir().toPath()
        : Path.of("").toAbsolutePath();
  }

  /** Returns where the reports of this project go, unless told otherwise. */
  final Path defaultReports() {
    return project != null && project.getFile() != null
        ? Path.of(project.getBuild().getDirectory()).resolve("sandbox")
        : directory(null).resolve("target/sandbox");
  }

  /** Returns what the host's build tools have downloaded. */
  final HostCaches caches() {
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
