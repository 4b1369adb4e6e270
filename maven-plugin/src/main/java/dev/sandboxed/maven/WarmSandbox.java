package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.maven.Installation.Installed;
import dev.sandboxed.maven.project.WarmUp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Objects;
import java.util.Optional;

/**
 * Makes sandboxes in which a build tool runs already and waits: copies of a memory snapshot, which
 * is taken once for what is installed, its environment and its limits.
 */
final class WarmSandbox {
  private final Backend backend;
  private final RunConfiguration configuration;
  private final Console console;

  WarmSandbox(Backend backend, RunConfiguration configuration, Console console) {
    this.backend = backend;
    this.configuration = configuration;
    this.console = console;
  }

  /** Writes what a warm-up needs inside into a directory. */
  static void write(WarmUp warmUp, Path directory) throws IOException {
    for (var text : warmUp.texts().entrySet()) {
      Files.writeString(directory.resolve(text.getKey()), text.getValue());
    }
    var file = warmUp.launcher().getName().replace('.', '/') + ".class";
    var target = directory.resolve(file);
    Files.createDirectories(Objects.requireNonNull(target.getParent()));
    try (var in = warmUp.launcher().getResourceAsStream("/" + file)) {
      Files.copy(Objects.requireNonNull(in, file), target);
    }
    // The tool's pipes are made there, by whoever the image's user is.
    KeyFiles.makeWritableInside(directory);
  }

  /** Makes one; empty if that cannot be, which is said. */
  Optional<Sandbox> create(Installed installed, WarmUp warmUp) {
    var hindrance = hindrance();
    if (hindrance.isPresent()) {
      console.warn(
          "No memory snapshot is taken of %s: %s".formatted(warmUp.program(), hindrance.get()));
      return Optional.empty();
    }
    var env = new LinkedHashMap<>(installed.planned().env());
    env.putAll(configuration.env());
    try {
      return Optional.of(
          backend.create(
              CheckoutSpec.warm(configuration, installed.warm().orElseThrow(), warmUp, env)));
    } catch (SandboxException e) {
      console.warn(
          "No sandbox starts with a warm %s, so one starts without: %s"
              .formatted(warmUp.program(), SafeText.line(String.valueOf(e.getMessage()))));
      return Optional.empty();
    }
  }

  /** Returns what must not, or cannot, be in a memory snapshot. */
  private Optional<String> hindrance() {
    if (!configuration.secrets().isEmpty()) {
      return Optional.of("it would hold the secrets of sandbox.env");
    }
    if (!configuration.volumes().isEmpty()) {
      return Optional.of("the volumes of sandbox.volumes are shared");
    }
    return configuration.network().filter(NetworkPolicy::usesBuildTools).isPresent()
        ? Optional.of("it would hold the settings of the build tools of sandbox.network")
        : Optional.empty();
  }
}
