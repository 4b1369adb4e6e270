package dev.sandboxed.maven;

import dev.sandboxed.Image;
import dev.sandboxed.Mount;
import dev.sandboxed.ReadinessProbe;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.maven.project.CacheMount;
import dev.sandboxed.maven.project.Layout;
import dev.sandboxed.maven.project.WarmUp;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Lays out a sandbox for a checkout: the same for tests and for people who look around in it. */
final class CheckoutSpec {
  private CheckoutSpec() {}

  static SandboxSpec of(RunConfiguration configuration, List<CacheMount> caches) {
    var builder =
        builder(configuration)
            .image(configuration.image())
            .mount(
                Layout.CHECKOUT,
                configuration.writable()
                    ? Mount.writable(configuration.directory())
                    : Mount.copyOnWrite(configuration.directory()));
    caches.forEach(cache -> builder.mount(cache.target(), Mount.copyOnWrite(cache.source())));
    return builder.build();
  }

  /**
   * Lays out a sandbox on an image in which dependencies are installed, for a copy of the checkout:
   * a mount would hide them.
   */
  static SandboxSpec installed(RunConfiguration configuration, Image image) {
    var builder = builder(configuration).image(image);
    var git = configuration.directory().resolve(CheckoutCopy.MOUNTED);
    if (Files.isDirectory(git, LinkOption.NOFOLLOW_LINKS)) {
      builder.mount(Layout.CHECKOUT + "/" + CheckoutCopy.MOUNTED, Mount.copyOnWrite(git));
    }
    return builder.build();
  }

  /**
   * Lays out the same with a build tool that runs already. What is mounted would be a part of what
   * its snapshot is known by, so there are no mounts.
   *
   * @param env what the tool, and all that it starts, finds in its environment
   */
  static SandboxSpec warm(
      RunConfiguration configuration, Image image, WarmUp warmUp, Map<String, String> env) {
    return builder(configuration)
        .image(image)
        .env(env)
        .command(warmUp.command())
        .readyWhen(ReadinessProbe.log("^" + WarmUp.READY + "$"))
        .snapshotWhenReady()
        .build();
  }

  private static SandboxBuilder builder(RunConfiguration configuration) {
    var builder =
        Sandbox.builder()
            .limits(configuration.limits())
            .timeout(configuration.timeout().plus(RunConfiguration.COLLECTING))
            .workdir(workdir(configuration));
    configuration.volumes().forEach(builder::volume);
    configuration.network().ifPresent(builder::network);
    configuration.secrets().forEach(builder::secret);
    return builder;
  }

  /** Returns where the project is inside. */
  static String workdir(RunConfiguration configuration) {
    return configuration.workdir().toString().isEmpty()
        ? Layout.CHECKOUT
        : Layout.CHECKOUT + "/" + configuration.workdir();
  }

  /** Says in one line what the sandbox sees. */
  static String describe(RunConfiguration configuration) {
    return describe(configuration, configuration.writable() ? "WRITABLE" : "copy-on-write");
  }

  /** Says in one line what a sandbox sees in which dependencies are installed. */
  static String describeInstalled(RunConfiguration configuration) {
    return describe(configuration, "as a copy, with what was installed");
  }

  /** Says in one line what a sandbox sees with a build tool that runs already. */
  static String describeWarm(RunConfiguration configuration, WarmUp warmUp) {
    return describe(
        configuration,
        "as a copy, with what was installed and a warm " + Path.of(warmUp.program()).getFileName());
  }

  private static String describe(RunConfiguration configuration, String how) {
    var volumes =
        configuration.volumes().entrySet().stream()
            .map(v -> ", %s at %s".formatted(v.getValue(), v.getKey()))
            .collect(Collectors.joining());
    return "In a sandbox: %s %s, %s%s"
        .formatted(
            configuration.directory(),
            how,
            configuration.network().map(p -> "network: " + p).orElse("no network"),
            volumes);
  }
}
