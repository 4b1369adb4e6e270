package dev.sandboxed.core.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Image;
import dev.sandboxed.Mount;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.ReadinessProbe;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MemoryKeyTest {
  @TempDir private Path directory = Path.of("");
  private Path cpuInfo = Path.of("");
  private Path program = Path.of("");
  private Path mounted = Path.of("");

  @BeforeEach
  void makeFiles() throws IOException {
    cpuInfo = Files.writeString(directory.resolve("cpuinfo"), "model name : x\nflags : fpu sse\n");
    program = Files.writeString(directory.resolve("runsc"), "1");
    mounted = Files.createDirectory(directory.resolve("mounted"));
    Files.writeString(mounted.resolve("file"), "1");
    Files.createDirectory(directory.resolve("base"));
  }

  static Stream<UnaryOperator<SandboxBuilder>> differences() {
    return Stream.of(
        b -> b.command("server", "--port=1"),
        b -> b.command("server --port", "1"),
        b -> b.env("A", "1"),
        b -> b.env("B", "2"),
        b -> b.workdir("/srv"),
        b -> b.memory(ByteSize.parse("128m")),
        b -> b.mount("/else", Mount.readOnly(Path.of("/etc/hostname"))),
        b -> b.network(NetworkPolicy.none()),
        b -> b.readyWhen(ReadinessProbe.exec("true", "x")),
        b -> b.readyWhen(ReadinessProbe.anyOf(ReadinessProbe.exec("true"))));
  }

  @ParameterizedTest
  @MethodSource("differences")
  void whatIsInTheMemoryMakesADifference(UnaryOperator<SandboxBuilder> difference) {
    assertThat(key(difference.apply(builder()))).isNotEqualTo(key(builder()));
  }

  @Test
  void whatIsNotInTheMemoryMakesNone() {
    var other =
        builder()
            .app("ci")
            .name("db")
            .tag("a", "b")
            .timeout(Duration.ofHours(1))
            .idleTimeout(Duration.ofMinutes(1))
            .port(8080)
            .onCopy("true")
            .verbose(true);
    assertThat(key(other)).isEqualTo(key(builder()));
  }

  @Test
  void filesThatAreMountedMakeADifference() throws IOException {
    var first = key(builder());
    Files.writeString(mounted.resolve("file"), "22");
    var second = key(builder());
    Files.writeString(mounted.resolve("more"), "");
    assertThat(Set.of(first, second, key(builder()))).hasSize(3);
  }

  @Test
  void theMachineAndTheProgramsMakeADifference() throws IOException {
    var keys = new HashSet<String>();
    keys.add(key(builder()));
    Files.writeString(cpuInfo, "model name : y\nflags : fpu sse\n");
    keys.add(key(builder()));
    assertThat(keys).hasSize(1);
    Files.writeString(cpuInfo, "model name : y\nflags : fpu sse avx\n");
    keys.add(key(builder()));
    Files.writeString(program, "22");
    keys.add(key(builder()));
    assertThat(keys).hasSize(3);
  }

  /** Processes that unpack a program at the same time each write it, the same in the same place. */
  @Test
  void aProgramThatIsNamedByItsContentIsWhatItsNameSays() throws IOException {
    var cache = directory.resolve("bin");
    program = Files.createDirectories(cache.resolve("0a".repeat(32))).resolve("runsc");
    Files.writeString(program, "1");
    var first = key(builder());
    Files.move(
        Files.writeString(cache.resolve("another"), "1"),
        program,
        StandardCopyOption.REPLACE_EXISTING);
    Files.setLastModifiedTime(program, FileTime.fromMillis(1));
    assertThat(key(builder())).isEqualTo(first);
    program = Files.createDirectories(cache.resolve("0b".repeat(32))).resolve("runsc");
    Files.writeString(program, "1");
    assertThat(key(builder())).isNotEqualTo(first);
  }

  @Test
  void theImageMakesADifference() throws IOException {
    var first = key(builder());
    Files.writeString(directory.resolve("base/file"), "1");
    assertThat(key(builder())).isNotEqualTo(first);
  }

  /** Packages that are installed, upgraded or removed change directories of the host's tools. */
  @Test
  void theHostsToolsMakeADifference() throws IOException {
    var tools = Files.createDirectories(directory.resolve("usr/lib"));
    var first = toolsKey();
    assertThat(toolsKey()).isEqualTo(first);
    Files.writeString(tools.resolve("libc.so"), "1");
    assertThat(toolsKey()).isNotEqualTo(first);
  }

  private SandboxBuilder builder() {
    return Sandbox.builder()
        .image(Image.directory(directory.resolve("base")))
        .command("server", "--port", "1")
        .env("B", "1")
        .mount("/mounted", Mount.copyOnWrite(mounted))
        .readyWhen(ReadinessProbe.exec("true"))
        .snapshotWhenReady();
  }

  private String key(SandboxBuilder builder) {
    var spec = builder.build();
    try (var store = ImageStore.open(directory.resolve("store"))) {
      return MemoryKey.of(spec, store.prepare(spec.image()), List.of(program), cpuInfo);
    }
  }

  private String toolsKey() {
    try (var store = ImageStore.open(directory.resolve("store"))) {
      PreparedImage image = store.prepare(Image.directory(directory.resolve("base")));
      var host =
          new PreparedImage(
              image.digest(),
              image.erofs(),
              List.of(new HostMount(directory.resolve("usr"), "/usr")),
              image.environment(),
              image.workingDirectory(),
              image.user(),
              image.entrypoint());
      return MemoryKey.of(builder().build(), host, List.of(program), cpuInfo);
    }
  }
}
