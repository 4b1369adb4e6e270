package dev.sandboxed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SnapshotSpecTest {

  static Stream<Arguments> unfit() {
    return Stream.of(
        unfit(b -> b.secret(Secret.of("TOKEN", "s3cret")), "the secret TOKEN"),
        unfit(b -> b.gpu(1), "GPUs"),
        unfit(b -> b.network(NetworkPolicy.buildTools()), "buildTools()"),
        unfit(b -> b.mount("/data", Mount.writable(Path.of("/x"))), "/data is writable"),
        unfit(b -> b.volume("/data", Volume.named("pip").readOnly()), "volume at /data"));
  }

  @ParameterizedTest
  @MethodSource("unfit")
  void refusesWhatOthersWouldShareOrReadFromTheDisk(
      UnaryOperator<SandboxBuilder> change, String message) {
    var builder =
        change.apply(Sandbox.builder().readyWhen(ReadinessProbe.exec("true")).snapshotWhenReady());
    assertThatThrownBy(builder::build)
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("s3cret");
  }

  @Test
  void needsAProbeToKnowWhenItIsReady() {
    assertThatThrownBy(() -> Sandbox.builder().snapshotWhenReady().build())
        .isInstanceOf(InvalidSpecException.class)
        .hasMessage(
            "snapshotWhenReady() needs to know when the sandbox is ready; add readyWhen(...)");
  }

  static Stream<Arguments> frozen() {
    return Stream.of(
        unfit(b -> b.image(Image.empty()), "image"),
        unfit(b -> b.command("other"), "command"),
        unfit(b -> b.workdir("/other"), "working directory"),
        unfit(b -> b.mount("/data", Mount.readOnly(Path.of("/x"))), "mounts"),
        unfit(b -> b.volume("/data", Volume.named("pip")), "volumes"),
        unfit(b -> b.cpus(1).gpu(1), "limits, GPUs"),
        unfit(b -> b.readyWhen(ReadinessProbe.tcp(1)), "readiness probe"));
  }

  @ParameterizedTest
  @MethodSource("frozen")
  void aCopyIsWhatItsSnapshotIs(UnaryOperator<SandboxBuilder> change, String message) {
    var source = Sandbox.builder().command("server").workdir("/srv").build();
    var builder = change.apply(new Fake(source).toBuilder());
    assertThatThrownBy(builder::build)
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining("in what is in the memory: " + message + ". ");
  }

  @Test
  void aCopyHasItsOwnLabelsVariablesNetworkAndTimes() {
    var source = Sandbox.builder().command("server").env("A", "1").onCopy("hook").build();
    var snapshot = new Fake(source);
    var copy =
        snapshot.toBuilder()
            .name("db")
            .app("ci")
            .tag("a", "b")
            .env("A", "2")
            .env("B", "3")
            .secret(Secret.of("TOKEN", "s3cret"))
            .timeout(Duration.ofHours(1))
            .network(NetworkPolicy.none())
            .port(80)
            .build();
    assertThat(copy.snapshot().source()).contains(snapshot);
    assertThat(copy.snapshot().onCopy()).containsExactly("hook");
    assertThat(copy.env()).isEqualTo(Map.of("A", "2", "B", "3"));
    assertThat(copy.toBuilder().build()).isEqualTo(copy);
    assertThatThrownBy(() -> copy.toBuilder().snapshotWhenReady().build())
        .isInstanceOf(InvalidSpecException.class);
  }

  private static Arguments unfit(UnaryOperator<SandboxBuilder> change, String message) {
    return Arguments.of(change, message);
  }

  /** A snapshot that nothing starts from. */
  private record Fake(SandboxSpec spec) implements MemorySnapshot {
    @Override
    public String id() {
      return "00";
    }

    @Override
    public SandboxBuilder toBuilder() {
      return new SandboxSpec(
              spec.image(),
              spec.command(),
              spec.env(),
              spec.secrets(),
              spec.workdir(),
              spec.mounts(),
              spec.volumes(),
              spec.limits(),
              spec.gpus(),
              spec.network(),
              spec.labels(),
              spec.timeout(),
              spec.idleTimeout(),
              spec.verbose(),
              spec.readyWhen(),
              new SnapshotSpec(false, Optional.of(this), List.copyOf(spec.snapshot().onCopy())))
          .toBuilder();
    }

    @Override
    public void remove() {}
  }
}
