package dev.sandboxed.core.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.ReadinessProbe;
import dev.sandboxed.Sandbox;
import dev.sandboxed.core.protocol.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Probes are written the way the native code reads them, by the vectors that it runs too. */
class ReadinessMessageTest {
  private static final Path FILE = Path.of("../native/testdata/probes.json");

  record Case(String name, JsonObject probe, String mention) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Case> valid() throws IOException {
    return cases("valid");
  }

  /** Whether an expression is one of RE2, and how long it gets, only the native code knows. */
  static List<Case> invalid() throws IOException {
    return cases("invalid").stream().filter(c -> !c.probe().has("log")).toList();
  }

  private static List<Case> cases(String kind) throws IOException {
    return JsonObject.parse(ByteBuffer.wrap(Files.readAllBytes(FILE)))
        .array(kind)
        .orElseThrow()
        .stream()
        .map(JsonObject.class::cast)
        .map(
            c ->
                new Case(
                    c.string("name").orElseThrow(),
                    c.object("probe").orElseThrow(),
                    c.string("mention").orElse("")))
        .toList();
  }

  private static ReadinessProbe build(ReadinessProbe probe) {
    return Sandbox.builder().command("server").readyWhen(probe).build().readyWhen().orElseThrow();
  }

  @ParameterizedTest
  @MethodSource("valid")
  void valid_probes_are_accepted_and_written_as_they_are(Case given) {
    var probe = ReadinessMessage.parse(given.probe()).orElseThrow();
    assertThat(build(probe)).isEqualTo(probe);
    assertThat(text(ReadinessMessage.of(probe))).isEqualTo(text(given.probe()));
  }

  @ParameterizedTest
  @MethodSource("invalid")
  void invalid_probes_are_no_probes_or_refused(Case given) {
    var probe = ReadinessMessage.parse(given.probe());
    if (probe.isPresent() && given.probe().names().size() == 1) {
      assertThatExceptionOfType(InvalidSpecException.class).isThrownBy(() -> build(probe.get()));
    }
  }

  @Test
  void what_is_written_is_read_again() throws IOException {
    for (var seed = 0; seed < 2000; seed++) {
      var probe = random(new Random(seed), 3);
      var message = JsonObject.parse(ByteBuffer.wrap(ReadinessMessage.of(probe).toBytes()));
      assertThat(ReadinessMessage.parse(message)).as("seed %d", seed).contains(probe);
    }
  }

  private static ReadinessProbe random(Random random, int depth) {
    var interval = Duration.ofMillis(1 + random.nextInt(3_600_000));
    var attempt = Duration.ofMillis(1 + random.nextInt(3_600_000));
    return switch (random.nextInt(depth == 0 ? 5 : 7)) {
      case 0 -> ReadinessProbe.tcp(1 + random.nextInt(65_535));
      case 1 -> ReadinessProbe.tcp(1).interval(interval).attemptTimeout(attempt);
      case 2 ->
          ReadinessProbe.http(80, "/" + random.nextInt())
              .status(random.nextInt(2) * (200 + random.nextInt(400)))
              .interval(interval);
      case 3 -> ReadinessProbe.exec("a", "", "ü\n" + random.nextInt()).attemptTimeout(attempt);
      case 4 -> ReadinessProbe.log("\\d+ \"ready\" " + random.nextInt());
      case 5 -> ReadinessProbe.allOf(several(random, depth));
      default -> ReadinessProbe.anyOf(several(random, depth));
    };
  }

  private static ReadinessProbe[] several(Random random, int depth) {
    return Stream.generate(() -> random(random, depth - 1))
        .limit(1 + random.nextInt(3))
        .toArray(ReadinessProbe[]::new);
  }

  private static String text(JsonObject object) {
    return new String(object.toBytes(), StandardCharsets.UTF_8);
  }
}
