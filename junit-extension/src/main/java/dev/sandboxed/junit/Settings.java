package dev.sandboxed.junit;

import dev.sandboxed.Backend;
import dev.sandboxed.BackendUnavailableException;
import dev.sandboxed.Backends;
import dev.sandboxed.ByteSize;
import dev.sandboxed.Durations;
import dev.sandboxed.Image;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Mount;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.SandboxNetwork;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.Secret;
import dev.sandboxed.Volume;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Works out what a sandbox is created from: annotations, nearest first, then configuration. */
final class Settings {
  private final List<Declared> nearestFirst;
  private final Function<String, Optional<String>> configuration;

  Settings(List<Declared> nearestFirst, Function<String, Optional<String>> configuration) {
    this.nearestFirst = List.copyOf(nearestFirst);
    this.configuration = configuration;
  }

  /** Returns the scope that the nearest annotation or else the configuration sets, if any does. */
  Optional<SandboxScope> scope() {
    var declared =
        nearestFirst.stream()
            .map(d -> d.annotation().scope())
            .filter(s -> s != SandboxScope.DEFAULT)
            .findFirst();
    return declared.isPresent()
        ? declared
        : configured(Sandboxed.SCOPE_PROPERTY_NAME)
            .map(
                v ->
                    v.read(
                        t ->
                            constant(
                                SandboxScope.class,
                                t,
                                "method, class, hierarchy, execution or session")));
  }

  /**
   * Returns where the nearest annotation or else the configuration has the test run, if any does.
   */
  Optional<TestExecution> execution() {
    var declared =
        nearestFirst.stream()
            .map(d -> d.annotation().execution())
            .filter(e -> e != TestExecution.DEFAULT)
            .findFirst();
    return declared.isPresent()
        ? declared
        : configured(Sandboxed.EXECUTION_PROPERTY_NAME)
            .map(v -> v.read(t -> constant(TestExecution.class, t, "inside or outside")));
  }

  /** Returns what is wanted of the sandbox when a test fails. */
  WantedDiagnostics diagnostics() {
    var mode =
        nearestFirst.stream()
            .map(d -> d.annotation().diagnostics())
            .filter(m -> m != DiagnosticsMode.DEFAULT)
            .findFirst()
            .or(
                () ->
                    configured(Sandboxed.DIAGNOSTICS_PROPERTY_NAME)
                        .map(
                            v ->
                                v.read(
                                    t ->
                                        constant(
                                            DiagnosticsMode.class, t, "off, summary or full"))))
            .orElse(DiagnosticsMode.FULL);
    var snapshot =
        configured(Sandboxed.DIAGNOSTICS_SNAPSHOT_PROPERTY_NAME).map(v -> v.read(Settings::bool));
    return new WantedDiagnostics(mode, snapshot.orElse(false));
  }

  /**
   * Returns the spec; each bad value is reported with its attribute and its place.
   *
   * @param context of what the sandbox lives as long as
   */
  SandboxSpec spec(ExtensionContext context) {
    return spec(
        builder -> {
          DeclaredCustomizers.apply(
              nearestFirst, configured(Sandboxed.CUSTOMIZER_PROPERTY_NAME), builder, context);
          addFiles(builder, context);
        });
  }

  /** Returns the spec of a sandbox that runs the test itself. */
  SandboxSpec specInside() {
    return spec(builder -> refuseInside());
  }

  private void refuseInside() {
    join(
        Sandbox.builder(),
        () -> {
          throw new InvalidSpecException(
              "a test that runs inside is alone; leave joinAs out, or run it outside");
        });
    var scope = scope().orElse(SandboxScope.METHOD);
    if (scope != SandboxScope.METHOD && scope != SandboxScope.CLASS) {
      throw new ExtensionConfigurationException(
          "The scope %s has no meaning for a test that runs inside; choose METHOD or CLASS"
              .formatted(scope));
    }
    var isCustomized =
        nearestFirst.stream().anyMatch(d -> d.annotation().customizer() != SandboxCustomizer.class);
    if (isCustomized || configured(Sandboxed.CUSTOMIZER_PROPERTY_NAME).isPresent()) {
      throw new ExtensionConfigurationException(
          "A customizer has no meaning for a test that runs inside: there is no context of the test"
              + " here; leave it out");
    }
    var hasFiles = nearestFirst.stream().anyMatch(d -> d.annotation().files().length > 0);
    if (hasFiles || configured(Sandboxed.FILES_PROPERTY_NAME).isPresent()) {
      throw new ExtensionConfigurationException(
          "A test that runs inside has its class path, but no files; mount them, or take them from"
              + " the class path");
    }
    if (isSetUp()) {
      throw new ExtensionConfigurationException(
          "%s has no meaning for a test that runs inside; leave it out"
              .formatted(describeSnapshot()));
    }
  }

  private SandboxSpec spec(Consumer<SandboxBuilder> more) {
    var builder = Sandbox.builder();
    image().ifPresent(builder::image);
    command().ifPresent(v -> v.apply(builder, SandboxBuilder::command));
    text("workdir", Sandboxed::workdir, Sandboxed.WORKDIR_PROPERTY_NAME)
        .ifPresent(v -> v.apply(builder, SandboxBuilder::workdir));
    text("memory", Sandboxed::memory, Sandboxed.MEMORY_PROPERTY_NAME)
        .ifPresent(v -> v.apply(builder, (b, t) -> b.memory(ByteSize.parse(t))));
    number("cpus", Sandboxed::cpus, Sandboxed.CPUS_PROPERTY_NAME)
        .ifPresent(v -> v.apply(builder, (b, t) -> b.cpus(decimal(t))));
    text("disk", Sandboxed::disk, Sandboxed.DISK_PROPERTY_NAME)
        .ifPresent(v -> v.apply(builder, (b, t) -> b.disk(ByteSize.parse(t))));
    number("processes", Sandboxed::processes, Sandboxed.PROCESSES_PROPERTY_NAME)
        .ifPresent(v -> v.apply(builder, (b, t) -> b.processes(whole(t))));
    addGpus(builder);
    text("timeout", Sandboxed::timeout, Sandboxed.TIMEOUT_PROPERTY_NAME)
        .ifPresent(v -> v.apply(builder, (b, t) -> b.timeout(Durations.parse(t))));
    text("idleTimeout", Sandboxed::idleTimeout, Sandboxed.IDLE_TIMEOUT_PROPERTY_NAME)
        .ifPresent(v -> v.apply(builder, (b, t) -> b.idleTimeout(Durations.parse(t))));
    text("verbose", a -> a.verbose() ? "true" : "", Sandboxed.VERBOSE_PROPERTY_NAME)
        .ifPresent(v -> v.apply(builder, (b, t) -> b.verbose(bool(t))));
    addNetwork(builder);
    readyWhen().ifPresent(v -> v.apply(builder, (b, p) -> b.readyWhen(DeclaredProbes.read(p))));
    ports().ifPresent(v -> v.apply(builder, (b, ports) -> ports.forEach(b::port)));
    gathered("env", Sandboxed::env, Sandboxed.ENV_PROPERTY_NAME)
        .forEach(v -> v.apply(builder, Settings::addVariable));
    addMounts(builder);
    addVolumes(builder);
    addSecrets(builder);
    addLabels(builder);
    more.accept(builder);
    snapshot().ifPresent(v -> v.apply(builder, Settings::addSnapshot));
    return builder.build();
  }

  /** Returns whether the sandboxes of the next tests are prepared ahead. */
  boolean pool() {
    return configured(Sandboxed.POOL_PROPERTY_NAME).map(v -> v.read(Settings::bool)).orElse(true);
  }

  /** Returns how many sandboxes may live at the same time, if that is bounded. */
  static Optional<Integer> maxLive(Function<String, Optional<String>> configuration) {
    return new Settings(List.of(), configuration)
        .configured(Sandboxed.MAX_LIVE_PROPERTY_NAME)
        .map(v -> v.read(Settings::places));
  }

  private static int places(String text) {
    try {
      var number = Integer.parseInt(text);
      if (number >= 1) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Told below, as other numbers are that make no sense.
    }
    throw new InvalidSpecException(
        "\"%s\" is not a number of sandboxes; write 1 or more, or leave it out for no bound"
            .formatted(text));
  }

  /** Returns what an application is told about the sandbox. */
  DeclaredProperties properties() {
    return DeclaredProperties.of(nearestFirst);
  }

  /** Returns the backend that is named, if one is. */
  Optional<Backend> backend() {
    return text("backend", Sandboxed::backend, Sandboxed.BACKEND_PROPERTY_NAME)
        .map(v -> v.read(Settings::backend));
  }

  private static Backend backend(String name) {
    try {
      return Backends.shared(name);
    } catch (BackendUnavailableException e) {
      throw new InvalidSpecException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Returns whether the sandbox is a copy of one that methods of the test class set up. */
  boolean isSetUp() {
    return snapshot().filter(v -> v.value() == SnapshotMode.AFTER_SETUP).isPresent();
  }

  /** Says where it is set what the sandbox starts from. */
  String describeSnapshot() {
    return snapshot().map(Value::place).orElse("");
  }

  private Optional<Value<SnapshotMode>> snapshot() {
    return nearestFirst.stream()
        .filter(d -> d.annotation().snapshot() != SnapshotMode.DEFAULT)
        .findFirst()
        .map(
            d -> {
              var mode = d.annotation().snapshot();
              return new Value<>(mode, Value.place("snapshot", mode.name(), d));
            });
  }

  private static void addSnapshot(SandboxBuilder builder, SnapshotMode mode) {
    if (mode == SnapshotMode.READY) {
      builder.snapshotWhenReady();
    } else if (mode == SnapshotMode.AFTER_SETUP) {
      builder.build().checkFitForSnapshot();
    }
  }

  /** Returns how long the sandbox may take to be ready. */
  Duration readyTimeout() {
    return text("readyTimeout", Sandboxed::readyTimeout, Sandboxed.READY_TIMEOUT_PROPERTY_NAME)
        .map(v -> v.read(Durations::parse))
        .orElse(Sandbox.DEFAULT_READY_LIMIT);
  }

  /** Returns whether anything says how long the sandbox may live. */
  boolean hasTimeout() {
    return text("timeout", Sandboxed::timeout, Sandboxed.TIMEOUT_PROPERTY_NAME).isPresent();
  }

  /** Returns the sandbox's name among others, if it is to have one. */
  Optional<String> joinAs() {
    return declaredName().map(Value::value);
  }

  /** Joins the sandbox to others, if it is to have a name among them. */
  void join(SandboxBuilder builder, Supplier<SandboxNetwork> network) {
    declaredName()
        .ifPresent(v -> v.apply(builder, (b, name) -> b.join(network.get(), name).build()));
  }

  private Optional<Value<String>> declaredName() {
    return nearestFirst.stream()
        .filter(d -> !d.annotation().joinAs().isEmpty())
        .findFirst()
        .map(d -> Value.of(d.annotation().joinAs(), "joinAs", d));
  }

  private Optional<Value<String>> text(
      String attribute, Function<Sandboxed, String> getter, String property) {
    return nearest(getter, (text, d) -> Value.of(text, attribute, d), property);
  }

  private Optional<Value<String>> number(
      String attribute, Function<Sandboxed, Number> getter, String property) {
    return nearest(
        a -> getter.apply(a).doubleValue() == 0 ? "" : getter.apply(a).toString(),
        (text, d) -> new Value<>(text, Value.place(attribute, text, d)),
        property);
  }

  private Optional<Value<String>> nearest(
      Function<Sandboxed, String> getter,
      BiFunction<String, Declared, Value<String>> toValue,
      String property) {
    return nearestFirst.stream()
        .filter(d -> !getter.apply(d.annotation()).isEmpty())
        .findFirst()
        .map(d -> toValue.apply(getter.apply(d.annotation()), d))
        .or(() -> configured(property));
  }

  private Optional<Value<String>> configured(String property) {
    return configuration
        .apply(property)
        .map(String::strip)
        .filter(text -> !text.isEmpty())
        .map(
            text ->
                new Value<>(text, "%s = %s, a configuration parameter".formatted(property, text)));
  }

  private Optional<Value<List<String>>> command() {
    return nearestFirst.stream()
        .filter(d -> d.annotation().command().length > 0)
        .findFirst()
        .map(
            d -> {
              var command = List.of(d.annotation().command());
              return new Value<>(
                  command, Value.place("command", Value.quoted(String.join(" ", command)), d));
            })
        .or(
            () ->
                configured(Sandboxed.COMMAND_PROPERTY_NAME)
                    .map(v -> new Value<>(List.of(v.value().split("\\s+")), v.place())));
  }

  private Optional<Value<List<Probe>>> readyWhen() {
    return nearestFirst.stream()
        .filter(d -> d.annotation().readyWhen().length > 0)
        .findFirst()
        .map(
            d -> {
              var probes = List.of(d.annotation().readyWhen());
              return new Value<>(
                  probes, Value.place("readyWhen", DeclaredProbes.describe(probes), d));
            });
  }

  private void addGpus(SandboxBuilder builder) {
    var model = text("gpuModel", Sandboxed::gpuModel, Sandboxed.GPU_MODEL_PROPERTY_NAME);
    number("gpu", Sandboxed::gpu, Sandboxed.GPU_PROPERTY_NAME)
        .ifPresent(
            count -> {
              count.apply(builder, (b, n) -> b.gpu(whole(n)));
              model.ifPresent(v -> v.apply(builder, (b, m) -> b.gpu(whole(count.value()), m)));
            });
  }

  private void addNetwork(SandboxBuilder builder) {
    var allowed = list("network", Sandboxed::network, Sandboxed.NETWORK_PROPERTY_NAME);
    var denied = list("networkDeny", Sandboxed::networkDeny, Sandboxed.NETWORK_DENY_PROPERTY_NAME);
    var policy = allowed.map(v -> v.read(NetworkPolicy::parse));
    var denials = denied.map(v -> v.read(NetworkPolicy::deny));
    // Where there is no network, nothing is left to deny.
    policy.map(p -> denials.map(p::and).orElse(p)).ifPresent(builder::network);
  }

  private Optional<Value<List<String>>> list(
      String attribute, Function<Sandboxed, String[]> getter, String property) {
    return nearestFirst.stream()
        .filter(d -> getter.apply(d.annotation()).length > 0)
        .findFirst()
        .map(
            d -> {
              var values = List.of(getter.apply(d.annotation()));
              return new Value<>(
                  values, Value.place(attribute, Value.quoted(String.join(", ", values)), d));
            })
        .or(
            () ->
                configured(property)
                    .map(v -> new Value<>(elements(v.value()).toList(), v.place())));
  }

  private Optional<Value<List<Integer>>> ports() {
    return nearestFirst.stream()
        .filter(d -> d.annotation().ports().length > 0)
        .findFirst()
        .map(
            d -> {
              var ports = Arrays.stream(d.annotation().ports()).boxed().toList();
              return new Value<>(ports, Value.place("ports", ports.toString(), d));
            })
        .or(
            () ->
                configured(Sandboxed.PORTS_PROPERTY_NAME)
                    .map(v -> new Value<>(v.read(Settings::portNumbers), v.place())));
  }

  private static List<Integer> portNumbers(String text) {
    try {
      return elements(text).map(Integer::valueOf).toList();
    } catch (NumberFormatException e) {
      throw new InvalidSpecException(
          "\"%s\" is not a list of ports; write numbers such as 8080, 9090".formatted(text), e);
    }
  }

  /** Returns the elements of all places, the farthest first, so that a nearer one replaces it. */
  private List<Value<String>> gathered(
      String attribute, Function<Sandboxed, String[]> getter, String property) {
    var found = new ArrayList<Value<String>>();
    configured(property)
        .ifPresent(v -> elements(v.value()).forEach(e -> found.add(new Value<>(e, v.place()))));
    for (var declared : farthestFirst()) {
      for (var element : getter.apply(declared.annotation())) {
        found.add(Value.of(element, attribute, declared));
      }
    }
    return found;
  }

  private void addMounts(SandboxBuilder builder) {
    var taken = new HashSet<String>();
    for (var declared : nearestFirst) {
      var here = new HashSet<String>();
      for (var mount : declared.annotation().mounts()) {
        var place =
            Value.place(
                "mounts",
                Value.quoted("%s at %s".formatted(mount.source(), mount.target())),
                declared);
        if (!here.add(mount.target())) {
          throw new ExtensionConfigurationException(
              "%s: two mounts have the target %s; use each target once"
                  .formatted(place, mount.target()));
        }
        if (taken.add(mount.target())) {
          new Value<>(mount.target(), place)
              .apply(
                  builder, (b, t) -> b.mount(t, new Mount(path(mount.source()), mount.access())));
        }
      }
    }
    configured(Sandboxed.MOUNTS_PROPERTY_NAME)
        .ifPresent(v -> v.apply(builder, (b, t) -> configuredMounts(b, t, taken)));
  }

  private static void configuredMounts(SandboxBuilder builder, String text, Set<String> taken) {
    elements(text)
        .forEach(
            element -> {
              var parts = element.split(":", -1);
              if (parts.length < 2 || parts.length > 3) {
                throw new InvalidSpecException(
                    "\"%s\" is not a mount; write source:target or source:target:access"
                        .formatted(element));
              }
              var access =
                  parts.length == 2
                      ? Mount.Access.COPY_ON_WRITE
                      : constant(
                          Mount.Access.class, parts[2], "copy_on_write, read_only or writable");
              if (!taken.contains(parts[1])) {
                builder.mount(parts[1], new Mount(path(parts[0]), access));
              }
            });
  }

  private void addVolumes(SandboxBuilder builder) {
    var taken = new HashSet<String>();
    for (var declared : nearestFirst) {
      var here = new HashSet<String>();
      for (var volume : declared.annotation().volumes()) {
        var place =
            Value.place(
                "volumes",
                Value.quoted("%s at %s".formatted(volume.name(), volume.target())),
                declared);
        if (!here.add(volume.target())) {
          throw new ExtensionConfigurationException(
              "%s: two volumes have the target %s; use each target once"
                  .formatted(place, volume.target()));
        }
        if (taken.add(volume.target())) {
          new Value<>(volume.target(), place)
              .apply(builder, (b, target) -> b.volume(target, volume(volume)));
        }
      }
    }
  }

  private static Volume volume(SandboxVolume declared) {
    var volume = Volume.named(declared.name()).subPath(declared.subPath());
    return declared.readOnly() ? volume.readOnly() : volume;
  }

  /** Adds the secrets of all places; one that is named twice is one. */
  private void addSecrets(SandboxBuilder builder) {
    var taken = new HashSet<String>();
    for (var declared : nearestFirst) {
      for (var name : declared.annotation().secrets()) {
        addSecret(builder, Value.of(name, "secrets", declared), taken);
      }
    }
    configured(Sandboxed.SECRETS_PROPERTY_NAME)
        .ifPresent(
            v ->
                elements(v.value())
                    .forEach(n -> addSecret(builder, new Value<>(n, v.place()), taken)));
  }

  private static void addSecret(SandboxBuilder builder, Value<String> name, Set<String> taken) {
    if (taken.add(name.value())) {
      name.apply(builder, (b, n) -> b.secret(Secret.fromHost(n)));
    }
  }

  private void addLabels(SandboxBuilder builder) {
    text("app", Sandboxed::app, Sandboxed.APP_PROPERTY_NAME)
        .ifPresent(v -> v.apply(builder, SandboxBuilder::app));
    nearestFirst.stream()
        .filter(d -> !d.annotation().name().isEmpty())
        .findFirst()
        .map(d -> Value.of(d.annotation().name(), "name", d))
        .ifPresent(v -> v.apply(builder, SandboxBuilder::name));
    gathered("tags", Sandboxed::tags, Sandboxed.TAGS_PROPERTY_NAME)
        .forEach(v -> v.apply(builder, Settings::addTag));
  }

  private static void addTag(SandboxBuilder builder, String text) {
    var equals = text.indexOf('=');
    if (equals < 1) {
      throw new InvalidSpecException("\"%s\" is not a tag; write key=value".formatted(text));
    }
    builder.tag(text.substring(0, equals), text.substring(equals + 1));
  }

  /** Has the image take the files, so that they are there before anything runs. */
  private void addFiles(SandboxBuilder builder, ExtensionContext context) {
    DeclaredFiles.steps(nearestFirst, configured(Sandboxed.FILES_PROPERTY_NAME), context)
        .forEach(v -> v.apply(builder, (b, step) -> b.image(b.build().image().with(step))));
  }

  private List<Declared> farthestFirst() {
    var reversed = new ArrayList<>(nearestFirst);
    Collections.reverse(reversed);
    return reversed;
  }

  private static void addVariable(SandboxBuilder builder, String text) {
    var equals = text.indexOf('=');
    if (equals < 1) {
      throw new InvalidSpecException(
          "\"%s\" is not an environment variable; write NAME=value".formatted(text));
    }
    builder.env(text.substring(0, equals), text.substring(equals + 1));
  }

  /** Returns the image of the nearest annotation that says one, in words or by a class. */
  private Optional<Image> image() {
    var declared = nearestFirst.stream().filter(DeclaredImage::isSet).findFirst();
    if (declared.isPresent() && DeclaredImage.isMade(declared.get())) {
      return declared.map(DeclaredImage::make);
    }
    return declared
        .map(d -> Value.of(d.annotation().image(), "image", d))
        .or(() -> configured(Sandboxed.IMAGE_PROPERTY_NAME))
        .map(v -> v.read(Settings::image));
  }

  private static Image image(String text) {
    var colon = text.indexOf(':');
    var rest = text.substring(colon + 1);
    if (text.equals("host")) {
      return Image.host();
    }
    if (text.startsWith("directory:") && !rest.isEmpty()) {
      return Image.directory(path(rest));
    }
    if (text.startsWith("tar:") && !rest.isEmpty()) {
      return Image.tar(path(rest));
    }
    try {
      return Image.registry(text);
    } catch (InvalidSpecException e) {
      throw new InvalidSpecException(
          "\"%s\" is not an image; write host, directory:<path>, tar:<path> or a registry's reference: %s"
              .formatted(text, e.getMessage()),
          e);
    }
  }

  static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new InvalidSpecException("\"%s\" is not a path: %s".formatted(text, e.getReason()), e);
    }
  }

  private static double decimal(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new InvalidSpecException(
          "\"%s\" is not a number of processors; write one such as 2 or 0.5".formatted(text), e);
    }
  }

  private static int whole(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new InvalidSpecException(
          "\"%s\" is not a number of processes; write one such as 64".formatted(text), e);
    }
  }

  static boolean bool(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw new InvalidSpecException(
              "\"%s\" is neither true nor false; write one of them".formatted(text));
    };
  }

  private static <E extends Enum<E>> E constant(Class<E> type, String text, String allowed) {
    return Arrays.stream(type.getEnumConstants())
        .filter(c -> c.name().equalsIgnoreCase(text) && !c.name().equals("DEFAULT"))
        .findFirst()
        .orElseThrow(
            () ->
                new InvalidSpecException("\"%s\" is not known; write %s".formatted(text, allowed)));
  }

  static Stream<String> elements(String text) {
    return Arrays.stream(text.split(",")).map(String::strip).filter(e -> !e.isEmpty());
  }

  /**
   * A value and where it was set.
   *
   * @param value the value
   * @param place how a message names the attribute, the value and the element
   */
  record Value<T>(T value, String place) {

    static Value<String> of(String text, String attribute, Declared declared) {
      return new Value<>(text, place(attribute, quoted(text), declared));
    }

    static String quoted(String text) {
      return "\"" + text + "\"";
    }

    static String place(String attribute, String text, Declared declared) {
      return "@Sandboxed(%s = %s) on %s".formatted(attribute, text, declared.element());
    }

    /** Sets the value, and checks it at once: later it could not be told from another. */
    void apply(SandboxBuilder builder, BiConsumer<SandboxBuilder, ? super T> setter) {
      try {
        setter.accept(builder, value);
        builder.build();
      } catch (InvalidSpecException e) {
        throw bad(e);
      }
    }

    <R> R read(Function<T, R> reader) {
      try {
        return reader.apply(value);
      } catch (InvalidSpecException e) {
        throw bad(e);
      }
    }

    private ExtensionConfigurationException bad(InvalidSpecException e) {
      return new ExtensionConfigurationException("%s: %s".formatted(place, e.getMessage()), e);
    }
  }
}
