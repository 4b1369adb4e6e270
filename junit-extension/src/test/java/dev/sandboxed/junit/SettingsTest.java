package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Gpus;
import dev.sandboxed.Image;
import dev.sandboxed.Limits;
import dev.sandboxed.Mount;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.NetworkSpec;
import dev.sandboxed.ReadinessProbe;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxLabels;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.Secret;
import dev.sandboxed.SnapshotSpec;
import dev.sandboxed.Volume;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a sandbox is created from. */
class SettingsTest {

  @RegisterExtension final BeforeEachCallback contextTaker = taken -> context = taken;

  private ExtensionContext context;

  private SandboxSpec spec(Class<?> type, Map<String, String> configuration) {
    return new Settings(Declared.on(type), name -> Optional.ofNullable(configuration.get(name)))
        .spec(context);
  }

  private SandboxSpec spec(Class<?> type) {
    return spec(type, Map.of());
  }

  @Sandboxed(
      image = "directory:target",
      files = @SandboxFile(path = "pom.xml", target = "/srv/pom.xml"),
      command = {"sleep", "60"},
      env = {"A=1", "B=x=y", "C="},
      workdir = "/work",
      mounts = {
        @SandboxMount(source = "src", target = "/work"),
        @SandboxMount(source = "/etc", target = "/etc-of-host", access = Mount.Access.READ_ONLY)
      },
      memory = "512m",
      cpus = 1.5,
      disk = "64m",
      processes = 99,
      gpu = 2,
      gpuModel = "H200",
      network = {"*.example.org", "build-tools"},
      networkDeny = "admin.example.org",
      ports = {8080, 9090},
      timeout = "30s",
      idleTimeout = "10s",
      verbose = true)
  static class All {}

  private static final SandboxSpec ALL =
      new SandboxSpec(
          Image.directory(Path.of("target")).copy(Path.of("pom.xml"), "/srv/pom.xml"),
          List.of("sleep", "60"),
          Map.of("A", "1", "B", "x=y", "C", ""),
          List.of(),
          Optional.of("/work"),
          Map.of(
              "/work",
              Mount.copyOnWrite(Path.of("src")),
              "/etc-of-host",
              Mount.readOnly(Path.of("/etc"))),
          Map.of(),
          new Limits(
              OptionalDouble.of(1.5),
              Optional.of(ByteSize.parse("512m")),
              ByteSize.parse("64m"),
              99),
          Optional.of(new Gpus(2, Optional.of("H200"))),
          new NetworkSpec(
              Optional.of(
                  NetworkPolicy.buildTools()
                      .and(NetworkPolicy.allow("*.example.org"))
                      .and(NetworkPolicy.deny("admin.example.org"))),
              List.of(8080, 9090),
              List.of(),
              Map.of()),
          SandboxLabels.none(),
          Duration.ofSeconds(30),
          Optional.of(Duration.ofSeconds(10)),
          true,
          Optional.empty(),
          SnapshotSpec.none());

  @Test
  void takesEveryAttribute() {
    assertThat(spec(All.class)).isEqualTo(ALL);
  }

  @Sandboxed(
      readyWhen = {
        @Probe(tcp = 5432, interval = "1s", attemptTimeout = "2s"),
        @Probe(http = 8080),
        @Probe(http = 8081, path = "/health", status = 204),
        @Probe(exec = {"pg_isready", "-q"}),
        @Probe(log = "ready to accept")
      })
  static class Probed {}

  @Test
  void takesEveryKindOfProbe() {
    assertThat(spec(Probed.class, Map.of(Sandboxed.COMMAND_PROPERTY_NAME, "server")).readyWhen())
        .contains(
            ReadinessProbe.allOf(
                ReadinessProbe.tcp(5432)
                    .interval(Duration.ofSeconds(1))
                    .attemptTimeout(Duration.ofSeconds(2)),
                ReadinessProbe.http(8080, "/"),
                ReadinessProbe.http(8081, "/health").status(204),
                ReadinessProbe.exec("pg_isready", "-q"),
                ReadinessProbe.log("ready to accept")));
  }

  @Sandboxed(readyWhen = @Probe(tcp = 1), readyTimeout = "30s")
  static class Outer {}

  @Sandboxed(readyWhen = @Probe(tcp = 2))
  static class Inner extends Outer {}

  @Test
  void takesTheNearestProbes() {
    assertThat(spec(Inner.class).readyWhen()).contains(ReadinessProbe.tcp(2));
    assertThat(spec(Outer.class).readyWhen()).contains(ReadinessProbe.tcp(1));
  }

  @Test
  void takesTheTimeToBeReady() {
    assertThat(readyTimeout(Inner.class, Map.of())).hasSeconds(30);
    assertThat(readyTimeout(All.class, Map.of())).isEqualTo(Sandbox.DEFAULT_READY_LIMIT);
    assertThat(readyTimeout(All.class, Map.of("sandboxed.readyTimeout", "7s"))).hasSeconds(7);
  }

  private static Duration readyTimeout(Class<?> type, Map<String, String> configuration) {
    return new Settings(Declared.on(type), name -> Optional.ofNullable(configuration.get(name)))
        .readyTimeout();
  }

  @Sandboxed(
      volumes = {
        @SandboxVolume(name = "pip", target = "/pip", subPath = "a/b", readOnly = true),
        @SandboxVolume(name = "npm", target = "/npm")
      },
      secrets = {"PATH", "PATH"})
  static class VolumesAndSecrets {}

  @Test
  void takesVolumesAndSecretsOfTheHost() {
    var spec = spec(VolumesAndSecrets.class);
    assertThat(spec.volumes())
        .containsExactly(
            Map.entry("/pip", Volume.named("pip").subPath("a/b").readOnly()),
            Map.entry("/npm", Volume.named("npm")));
    assertThat(spec.secrets()).containsExactly(Secret.fromHost("PATH")).hasToString("[PATH=***]");
  }

  @Sandboxed
  static class Nothing {}

  @Test
  void takesEveryConfigurationParameter() {
    var configuration =
        Map.ofEntries(
            Map.entry(Sandboxed.IMAGE_PROPERTY_NAME, "directory:target"),
            Map.entry(Sandboxed.COMMAND_PROPERTY_NAME, "sleep 60"),
            Map.entry(Sandboxed.ENV_PROPERTY_NAME, "A=1, B=x=y, C="),
            Map.entry(Sandboxed.WORKDIR_PROPERTY_NAME, "/work"),
            Map.entry(Sandboxed.MOUNTS_PROPERTY_NAME, "src:/work, /etc:/etc-of-host:read_only"),
            Map.entry(Sandboxed.FILES_PROPERTY_NAME, "pom.xml:/srv/pom.xml"),
            Map.entry(Sandboxed.MEMORY_PROPERTY_NAME, "512m"),
            Map.entry(Sandboxed.CPUS_PROPERTY_NAME, "1.5"),
            Map.entry(Sandboxed.DISK_PROPERTY_NAME, "64m"),
            Map.entry(Sandboxed.PROCESSES_PROPERTY_NAME, "99"),
            Map.entry(Sandboxed.GPU_PROPERTY_NAME, "2"),
            Map.entry(Sandboxed.GPU_MODEL_PROPERTY_NAME, "H200"),
            Map.entry(Sandboxed.NETWORK_PROPERTY_NAME, "*.example.org, build-tools"),
            Map.entry(Sandboxed.NETWORK_DENY_PROPERTY_NAME, "admin.example.org"),
            Map.entry(Sandboxed.PORTS_PROPERTY_NAME, "8080, 9090"),
            Map.entry(Sandboxed.TIMEOUT_PROPERTY_NAME, "30s"),
            Map.entry(Sandboxed.IDLE_TIMEOUT_PROPERTY_NAME, "10s"),
            Map.entry(Sandboxed.VERBOSE_PROPERTY_NAME, "true"));

    assertThat(spec(Nothing.class, configuration)).isEqualTo(ALL);
  }

  @Test
  void takesTheDefaultsOfTheApiOtherwise() {
    assertThat(spec(Nothing.class)).isEqualTo(dev.sandboxed.Sandbox.builder().build());
  }

  @Sandboxed(image = "host")
  static class OfHost {}

  @Sandboxed(image = "tar:rootfs.tar")
  static class OfTar {}

  @Sandboxed(image = "localhost:5000/team/app:1")
  static class OfRegistry {}

  @Test
  void knowsTheKindsOfImages() {
    assertThat(spec(OfHost.class).image()).isEqualTo(Image.host());
    assertThat(spec(OfTar.class).image()).isEqualTo(Image.tar(Path.of("rootfs.tar")));
    assertThat(spec(OfRegistry.class).image())
        .isEqualTo(Image.registry("localhost:5000/team/app:1"));
  }

  static class Steps implements ImageFactory {
    private Steps() {}

    @Override
    public Image image() {
      return Image.host().run("make").env("A", "1");
    }
  }

  @Sandboxed(imageFactory = Steps.class)
  @Retention(RetentionPolicy.RUNTIME)
  @interface WithSteps {}

  @Sandboxed(imageFactory = Steps.class)
  static class OfFactory {}

  static class InheritsFactory extends OfFactory {}

  @WithSteps
  static class ComposedFactory {}

  @Sandboxed(image = "host")
  static class NearerImage extends OfFactory {}

  @Sandboxed(imageFactory = Steps.class)
  static class NearerFactory extends OfTar {}

  @Test
  void aClassMayMakeTheImage() {
    var made = Image.host().run("make").env("A", "1");
    assertThat(spec(OfFactory.class).image()).isEqualTo(made);
    assertThat(spec(InheritsFactory.class).image()).isEqualTo(made);
    assertThat(spec(ComposedFactory.class).image()).isEqualTo(made);
    assertThat(spec(NearerImage.class).image()).isEqualTo(Image.host());
    assertThat(spec(NearerFactory.class).image()).isEqualTo(made);
    assertThat(
            spec(OfFactory.class, Map.of(Sandboxed.IMAGE_PROPERTY_NAME, "tar:other.tar")).image())
        .isEqualTo(made);
  }

  @Sandboxed(
      memory = "64m",
      timeout = "10s",
      env = {"A=small", "B=small"})
  @Retention(RetentionPolicy.RUNTIME)
  @interface Small {}

  @Small
  @Retention(RetentionPolicy.RUNTIME)
  @interface VerySmall {}

  @VerySmall
  static class Composed {}

  @Small
  @Sandboxed(timeout = "20s", env = "B=own")
  static class ComposedAndOwn {}

  @Test
  void understandsComposedAnnotations() {
    assertThat(spec(Composed.class).limits().memory()).hasValue(ByteSize.parse("64m"));
    assertThat(spec(ComposedAndOwn.class).limits().memory()).hasValue(ByteSize.parse("64m"));
    assertThat(spec(ComposedAndOwn.class).timeout()).isEqualTo(Duration.ofSeconds(20));
    assertThat(spec(ComposedAndOwn.class).env()).isEqualTo(Map.of("A", "small", "B", "own"));
  }

  @Sandboxed(disk = "32m", processes = 7)
  interface Contract {}

  @Sandboxed(
      memory = "128m",
      processes = 8,
      mounts = {
        @SandboxMount(source = "src", target = "/a"),
        @SandboxMount(source = "src", target = "/b")
      })
  static class Base {}

  @Sandboxed(memory = "256m", mounts = @SandboxMount(source = "target", target = "/b"))
  static class Derived extends Base implements Contract {}

  @Test
  void inheritsFromSuperclassesAndInterfacesWhatIsNotSet() {
    var spec = spec(Derived.class);

    assertThat(spec.limits().memory()).hasValue(ByteSize.parse("256m"));
    assertThat(spec.limits().processes()).isEqualTo(8);
    assertThat(spec.limits().disk()).isEqualTo(ByteSize.parse("32m"));
    assertThat(spec.mounts())
        .isEqualTo(
            Map.of(
                "/a",
                Mount.copyOnWrite(Path.of("src")),
                "/b",
                Mount.copyOnWrite(Path.of("target"))));
  }

  @Test
  void prefersAnnotationsToTheConfiguration() {
    var spec =
        spec(
            Derived.class,
            Map.of(
                Sandboxed.MEMORY_PROPERTY_NAME, "1g",
                Sandboxed.TIMEOUT_PROPERTY_NAME, "1m",
                Sandboxed.MOUNTS_PROPERTY_NAME, "src:/b, src:/c:writable"));

    assertThat(spec.limits().memory()).hasValue(ByteSize.parse("256m"));
    assertThat(spec.timeout()).isEqualTo(Duration.ofMinutes(1));
    assertThat(spec.mounts())
        .containsEntry("/b", Mount.copyOnWrite(Path.of("target")))
        .containsEntry("/c", Mount.writable(Path.of("src")));
  }

  @Test
  void namesAPropertyForEveryAttributeThatHasAGlobalDefault() throws IllegalAccessException {
    var properties = new ArrayList<String>();
    for (var field : Sandboxed.class.getFields()) {
      properties.add((String) field.get(null));
    }
    assertThat(properties)
        .contains(Sandboxed.POOL_PROPERTY_NAME, Sandboxed.MAX_LIVE_PROPERTY_NAME)
        // They are about all sandboxes together, and no attributes of one.
        .filteredOn(name -> !name.equals(Sandboxed.POOL_PROPERTY_NAME))
        .filteredOn(name -> !name.equals(Sandboxed.MAX_LIVE_PROPERTY_NAME))
        // It is for a person who looks into one failure, and does not belong into the code.
        .filteredOn(name -> !name.equals(Sandboxed.DIAGNOSTICS_SNAPSHOT_PROPERTY_NAME))
        .filteredOn(name -> !name.startsWith("sandboxed.inside."))
        .containsExactlyInAnyOrderElementsOf(
            java.util.Arrays.stream(Sandboxed.class.getDeclaredMethods())
                .map(m -> "sandboxed." + m.getName())
                // Where the volumes of the user are; for one sandbox; in words: sandboxed.image.
                .filter(
                    name ->
                        !List.of(
                                "sandboxed.volumes",
                                "sandboxed.joinAs",
                                "sandboxed.name",
                                "sandboxed.properties",
                                "sandboxed.readyWhen",
                                "sandboxed.snapshot",
                                "sandboxed.imageFactory")
                            .contains(name))
                .toList());
  }
}
