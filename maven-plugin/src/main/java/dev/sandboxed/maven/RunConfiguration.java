package dev.sandboxed.maven;

import dev.sandboxed.Image;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Limits;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.Secret;
import dev.sandboxed.Volume;
import dev.sandboxed.maven.project.MatrixEntry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What to run, and how.
 *
 * @param directory the checkout
 * @param workdir where in it the project is; relative, empty for the checkout itself
 * @param command what to run instead of what is recognised; empty for that
 * @param image the root file system
 * @param limits what the sandbox may use
 * @param timeout how long the commands may take together
 * @param env further environment variables
 * @param secrets further environment variables, never printed
 * @param writable whether the commands may change the host's checkout
 * @param network which destinations outside may be reached; empty for no network
 * @param volumes what outlives the sandbox, by where it is inside
 * @param reports where the test reports go
 * @param variant the entry of the project's matrix that it is; empty for none
 */
record RunConfiguration(
    Path directory,
    Path workdir,
    List<String> command,
    Image image,
    Limits limits,
    Duration timeout,
    Map<String, String> env,
    List<Secret> secrets,
    boolean writable,
    Optional<NetworkPolicy> network,
    Map<String, Volume> volumes,
    Path reports,
    String variant) {

  /** How long the sandbox lives on after the commands, for what they left to be collected. */
  static final Duration COLLECTING = Duration.ofMinutes(5);

  RunConfiguration {
    directory = directory.toAbsolutePath().normalize();
    workdir = workdir.normalize();
    command = List.copyOf(command);
    env = Map.copyOf(new LinkedHashMap<>(env));
    secrets = List.copyOf(secrets);
    volumes = Collections.unmodifiableMap(new LinkedHashMap<>(volumes));
    reports = reports.toAbsolutePath().normalize();
    if (workdir.isAbsolute() || workdir.startsWith("..")) {
      throw new InvalidSpecException(
          "The working directory %s is outside of the checkout; name a directory in it, such as module-a"
              .formatted(workdir));
    }
    if (timeout.isZero()
        || timeout.isNegative()
        || timeout.compareTo(SandboxSpec.MAX_TIMEOUT.minus(COLLECTING)) > 0) {
      throw new InvalidSpecException(
          "The timeout is %s; it must be more than zero and at most %s"
              .formatted(timeout, SandboxSpec.MAX_TIMEOUT.minus(COLLECTING)));
    }
  }

  /** Returns the same for an entry of the project's matrix, with its image. */
  RunConfiguration on(MatrixEntry entry, Image base) {
    var variables = new LinkedHashMap<>(entry.env());
    variables.putAll(env);
    return new RunConfiguration(
        directory,
        workdir,
        command,
        base,
        limits,
        timeout,
        variables,
        secrets,
        writable,
        network,
        volumes,
        reports.resolve(entry.name()),
        entry.name());
  }

  /** Returns a name of the project with the entry of the matrix, for people. */
  String named(Object project) {
    return variant.isEmpty() ? project.toString() : "%s (%s)".formatted(project, variant);
  }

  /** Returns the project's directory on the host. */
  Path project() {
    return directory.resolve(workdir);
  }
}
