package dev.sandboxed.maven;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Durations;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Limits;
import dev.sandboxed.Secret;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads the parameters of goals that start a sandbox on a checkout as their users wrote them. */
record ParameterParser(
    String workdir,
    @Nullable String command,
    @Nullable List<String> arguments,
    @Nullable String memory,
    @Nullable String cpus,
    @Nullable String disk,
    @Nullable Integer processes,
    String timeout,
    ImageParameters image,
    @Nullable List<String> env,
    @Nullable Map<String, String> environment,
    boolean writable,
    NetworkParameters network,
    VolumeParameters volumes) {

  RunConfiguration parse(Path directory, Path reports) {
    if (!Files.isDirectory(directory)) {
      throw new InvalidSpecException(
          "sandbox.dir is %s, which is no directory; name one that holds a project"
              .formatted(directory));
    }
    var configuration =
        new RunConfiguration(
            directory,
            Path.of(workdir),
            chosenCommand(),
            image.chosen(),
            limits(),
            parameter("sandbox.timeout", timeout, Durations::parse),
            variables(),
            secrets(),
            writable,
            network.policy(),
            volumes.volumes(),
            reports,
            "");
    if (!Files.isDirectory(configuration.project())) {
      throw new InvalidSpecException(
          "sandbox.workdir is %s, but %s is no directory"
              .formatted(workdir, configuration.project()));
    }
    return configuration;
  }

  private List<String> chosenCommand() {
    if (command != null && arguments != null && !arguments.isEmpty()) {
      throw new InvalidSpecException(
          "Both a command and its arguments are given; use sandbox.command for a line that a shell"
              + " reads, or arguments for a program without a shell");
    }
    if (command != null) {
      return List.of("sh", "-c", command);
    }
    return arguments == null ? List.of() : arguments;
  }

  private Limits limits() {
    var defaults = Limits.defaults();
    return new Limits(
        cpus == null
            ? defaults.cpus()
            : OptionalDouble.of(parameter("sandbox.cpus", cpus, Double::parseDouble)),
        memory == null
            ? defaults.memory()
            : Optional.of(parameter("sandbox.memory", memory, ByteSize::parse)),
        disk == null ? defaults.disk() : parameter("sandbox.disk", disk, ByteSize::parse),
        processes == null ? defaults.processes() : processes);
  }

  private Map<String, String> variables() {
    var variables = new LinkedHashMap<String, String>();
    if (environment != null) {
      // An empty element is null to Maven.
      environment.forEach((name, value) -> variables.put(name, value == null ? "" : value));
    }
    for (var entry : entries()) {
      var equals = entry.indexOf('=');
      if (equals > 0) {
        variables.put(entry.substring(0, equals), entry.substring(equals + 1));
      }
    }
    return variables;
  }

  private List<Secret> secrets() {
    return entries().stream().filter(e -> e.indexOf('=') < 0).map(Secret::fromHost).toList();
  }

  private List<String> entries() {
    if (env == null) {
      return List.of();
    }
    for (var entry : env) {
      if (entry == null || entry.isBlank() || entry.startsWith("=")) {
        throw new InvalidSpecException(
            "sandbox.env holds \"%s\"; write NAME=value, or NAME for the value on the host"
                .formatted(entry));
      }
    }
    return env;
  }

  private static <T> T parameter(String name, String text, Function<String, T> parse) {
    try {
      return parse.apply(text);
    } catch (InvalidSpecException e) {
      throw new InvalidSpecException(name + ": " + e.getMessage(), e);
    } catch (NumberFormatException e) {
      throw new InvalidSpecException(
          "%s: \"%s\" is not a number; write one such as 1.5".formatted(name, text), e);
    }
  }
}
