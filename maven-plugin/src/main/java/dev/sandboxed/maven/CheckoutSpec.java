package dev.sandboxed.maven;

import dev.sandboxed.Mount;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.maven.project.CacheMount;
import dev.sandboxed.maven.project.Layout;
import java.util.List;
import java.util.stream.Collectors;

/** Lays out a sandbox for a checkout: the same for tests and for people who look around in it. */
final class CheckoutSpec {
  private CheckoutSpec() {}

  static SandboxSpec of(RunConfiguration configuration, List<CacheMount> caches) {
    var workdir = Layout.CHECKOUT;
    if (!configuration.workdir().toString().isEmpty()) {
      workdir += "/" + configuration.workdir();
    }
    var builder =
        Sandbox.builder()
            .image(configuration.image())
            .limits(configuration.limits())
            .timeout(configuration.timeout().plus(RunConfiguration.COLLECTING))
            .workdir(workdir)
            .mount(
                Layout.CHECKOUT,
                configuration.writable()
                    ? Mount.writable(configuration.directory())
                    : Mount.copyOnWrite(configuration.directory()));
    caches.forEach(cache -> builder.mount(cache.target(), Mount.copyOnWrite(cache.source())));
    configuration.volumes().forEach(builder::volume);
    configuration.network().ifPresent(builder::network);
    configuration.secrets().forEach(builder::secret);
    return builder.build();
  }

  /** Says in one line what the sandbox sees. */
  static String describe(RunConfiguration configuration) {
    var volumes =
        configuration.volumes().entrySet().stream()
            .map(v -> ", %s at %s".formatted(v.getValue(), v.getKey()))
            .collect(Collectors.joining());
    return "In a sandbox: %s %s, %s%s"
        .formatted(
            configuration.directory(),
            configuration.writable() ? "WRITABLE" : "copy-on-write",
            configuration.network().map(p -> "network: " + p).orElse("no network"),
            volumes);
  }
}
