package dev.sandboxed.core.agent;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Image;
import dev.sandboxed.Mount;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.NetworkRule;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.Secret;
import dev.sandboxed.Volume;
import dev.sandboxed.core.protocol.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Writes a spec for other processes, which make handles of the sandbox or copies of its snapshot,
 * and reads it there. What only its creator can use is left out: DNS servers, the networks it is
 * part of, and the snapshot that it is a copy of.
 */
public final class SpecMessage {
  private static final JsonObject NONE = JsonObject.of(Map.of());

  private SpecMessage() {}

  /** Returns a message that {@link #parse} reads; the values of secrets are in it. */
  public static JsonObject of(SandboxSpec spec) {
    var message = new LinkedHashMap<String, @Nullable Object>();
    message.put("image", image(spec.image()));
    message.put("command", spec.command());
    message.put("env", spec.env());
    message.put("secrets", secrets(spec.secrets()));
    message.put("workdir", spec.workdir().orElse(null));
    var mounts = new LinkedHashMap<String, Object>();
    spec.mounts()
        .forEach(
            (target, mount) ->
                mounts.put(
                    target,
                    Map.of("source", mount.source().toString(), "access", mount.access().name())));
    message.put("mounts", mounts);
    var volumes = new LinkedHashMap<String, Object>();
    spec.volumes().forEach((target, volume) -> volumes.put(target, volume(volume)));
    message.put("volumes", volumes);
    var limits = new LinkedHashMap<String, @Nullable Object>();
    limits.put("memory", spec.limits().memory().map(ByteSize::bytes).orElse(null));
    limits.put("disk", spec.limits().disk().bytes());
    limits.put("processes", spec.limits().processes());
    limits.put(
        "milliCpus",
        spec.limits().cpus().isPresent()
            ? Math.round(spec.limits().cpus().getAsDouble() * 1000)
            : null);
    message.put("limits", JsonObject.of(limits));
    message.put("network", spec.network().policy().map(SpecMessage::policy).orElse(null));
    message.put("ports", spec.network().ports());
    message.put("app", spec.labels().app());
    message.put("name", spec.labels().name().orElse(null));
    message.put("tags", spec.labels().tags());
    message.put("timeoutMillis", spec.timeout().toMillis());
    message.put("idleTimeoutMillis", spec.idleTimeout().map(Duration::toMillis).orElse(null));
    message.put("verbose", spec.verbose());
    message.put("readyWhen", spec.readyWhen().map(ReadinessMessage::of).orElse(null));
    message.put("snapshotWhenReady", spec.snapshot().whenReady());
    message.put("onCopy", spec.snapshot().onCopy());
    return JsonObject.of(message);
  }

  /**
   * Reads what {@link #of} wrote.
   *
   * @throws RuntimeException if it is damaged
   */
  public static SandboxSpec parse(JsonObject message) {
    var builder = Sandbox.builder().image(image(message.object("image").orElse(NONE)));
    builder.command(strings(message, "command"));
    builder.env(message.object("env").orElse(NONE).strings());
    message
        .object("secrets")
        .orElse(NONE)
        .strings()
        .forEach((name, value) -> builder.secret(Secret.of(name, value)));
    message.string("workdir").ifPresent(builder::workdir);
    var mounts = message.object("mounts").orElse(NONE);
    for (var target : mounts.names()) {
      var mount = mounts.object(target).orElse(NONE);
      builder.mount(
          target,
          new Mount(
              Path.of(mount.string("source").orElse("/")),
              Mount.Access.valueOf(mount.string("access").orElse(""))));
    }
    var volumes = message.object("volumes").orElse(NONE);
    for (var target : volumes.names()) {
      builder.volume(target, volume(volumes.object(target).orElse(NONE)));
    }
    var limits = message.object("limits").orElse(NONE);
    limits.number("memory").ifPresent(m -> builder.memory(new ByteSize(m)));
    limits.number("disk").ifPresent(d -> builder.disk(new ByteSize(d)));
    limits.number("processes").ifPresent(p -> builder.processes((int) p));
    limits.number("milliCpus").ifPresent(c -> builder.cpus(c / 1000.0));
    message.object("network").ifPresent(policy -> builder.network(policy(policy)));
    for (var port : message.array("ports").orElse(List.of())) {
      builder.port(((Number) port).intValue());
    }
    message.string("app").ifPresent(builder::app);
    message.string("name").ifPresent(builder::name);
    message.object("tags").orElse(NONE).strings().forEach(builder::tag);
    message.number("timeoutMillis").ifPresent(t -> builder.timeout(Duration.ofMillis(t)));
    message.number("idleTimeoutMillis").ifPresent(t -> builder.idleTimeout(Duration.ofMillis(t)));
    message.object("readyWhen").flatMap(ReadinessMessage::parse).ifPresent(builder::readyWhen);
    if (message.flag("snapshotWhenReady")) {
      builder.snapshotWhenReady();
    }
    builder.onCopy(strings(message, "onCopy"));
    return builder.verbose(message.flag("verbose")).build();
  }

  private static Map<String, Object> volume(Volume volume) {
    return Map.of(
        "kind", volume.kind().name(),
        "name", volume.name(),
        "path", volume.path(),
        "readOnly", volume.isReadOnly());
  }

  private static Volume volume(JsonObject message) {
    var name = message.string("name").orElse("");
    var volume =
        message.string("kind").orElse("").equals(Volume.Kind.EPHEMERAL.name())
            ? Volume.ofEphemeral(name)
            : Volume.named(name);
    var path = strings(message, "path");
    var part = path.isEmpty() ? volume : volume.subPath(String.join("/", path));
    return message.flag("readOnly") ? part.readOnly() : part;
  }

  private static Map<String, String> secrets(List<Secret> secrets) {
    var values = new LinkedHashMap<String, String>();
    secrets.forEach(secret -> values.put(secret.name(), secret.reveal()));
    return values;
  }

  private static JsonObject image(Image image) {
    if (image instanceof Image.DirectoryImage directory) {
      return JsonObject.of(Map.of("directory", directory.path().toString()));
    }
    if (image instanceof Image.TarImage tar) {
      return JsonObject.of(Map.of("tar", tar.path().toString()));
    }
    if (image instanceof Image.RegistryImage registry) {
      return JsonObject.of(Map.of("registry", registry.reference().toString()));
    }
    if (image instanceof Image.SnapshotImage snapshot) {
      return JsonObject.of(Map.of("snapshot", snapshot.id()));
    }
    return NONE;
  }

  private static Image image(JsonObject message) {
    return message
        .string("directory")
        .map(d -> Image.directory(Path.of(d)))
        .or(() -> message.string("tar").map(t -> Image.tar(Path.of(t))))
        .or(() -> message.string("registry").map(Image::registry))
        .or(() -> message.string("snapshot").map(Image::snapshot))
        .orElseGet(Image::host);
  }

  /** Writes a policy as its user put it, which {@link #policy(JsonObject)} reads. */
  static JsonObject policy(NetworkPolicy policy) {
    return JsonObject.of(
        Map.of(
            "everything",
            policy.allowsEverything(),
            "buildTools",
            policy.usesBuildTools(),
            "allow",
            texts(policy.allowed().stream().filter(r -> !r.allowsPrivateAddresses())),
            "allowPrivate",
            texts(policy.allowed().stream().filter(NetworkRule::allowsPrivateAddresses)),
            "deny",
            texts(policy.denied().stream())));
  }

  private static List<String> texts(Stream<NetworkRule> rules) {
    return rules.map(NetworkRule::text).toList();
  }

  static NetworkPolicy policy(JsonObject message) {
    var policy = NetworkPolicy.none();
    if (message.flag("buildTools")) {
      policy = policy.and(NetworkPolicy.buildTools());
    }
    if (message.flag("everything")) {
      policy = policy.and(NetworkPolicy.everything());
    }
    return policy
        .and(NetworkPolicy.allow(strings(message, "allow")))
        .and(NetworkPolicy.allowPrivate(strings(message, "allowPrivate").toArray(String[]::new)))
        .and(NetworkPolicy.deny(strings(message, "deny")));
  }

  private static List<String> strings(JsonObject message, String name) {
    return message.array(name).orElse(List.of()).stream()
        .filter(String.class::isInstance)
        .map(String.class::cast)
        .toList();
  }
}
