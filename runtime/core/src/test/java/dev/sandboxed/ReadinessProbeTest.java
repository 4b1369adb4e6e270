package dev.sandboxed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.time.Duration;
import java.util.Collections;
import org.junit.jupiter.api.Test;

class ReadinessProbeTest {
  private static SandboxSpec build(ReadinessProbe probe) {
    return Sandbox.builder().command("server").readyWhen(probe).build();
  }

  private static void refused(ReadinessProbe probe, String mention) {
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(() -> build(probe))
        .withMessageContaining(mention);
  }

  @Test
  void a_spec_has_none_unless_one_is_given() {
    assertThat(Sandbox.builder().build().readyWhen()).isEmpty();
    var spec = build(ReadinessProbe.tcp(5432));
    assertThat(spec.readyWhen()).contains(ReadinessProbe.tcp(5432));
    assertThat(spec.toBuilder().build()).isEqualTo(spec);
    assertThatNullPointerException().isThrownBy(() -> Sandbox.builder().readyWhen(null));
  }

  @Test
  void values_are_immutable_and_each_change_is_a_new_one() {
    var probe = ReadinessProbe.http(8080, "/health");
    var changed =
        probe.status(204).interval(Duration.ofSeconds(1)).attemptTimeout(Duration.ofSeconds(2));
    assertThat(probe).isEqualTo(ReadinessProbe.http(8080, "/health"));
    assertThat(changed.status()).isEqualTo(204);
    assertThat(changed.interval()).hasSeconds(1);
    assertThat(changed.attemptTimeout()).hasSeconds(2);
    assertThat(probe.interval()).hasMillis(100);
    assertThat(ReadinessProbe.tcp(1).interval(Duration.ofMillis(5)).attemptTimeout())
        .hasSeconds(10);
    assertThat(ReadinessProbe.exec("a").interval(Duration.ofMillis(5)).interval()).hasMillis(5);
  }

  @Test
  void says_what_it_is() {
    assertThat(
            ReadinessProbe.anyOf(
                ReadinessProbe.tcp(5432),
                ReadinessProbe.allOf(
                    ReadinessProbe.exec("pg_isready", "-h", "a b"),
                    ReadinessProbe.http(80, "/x").status(204),
                    ReadinessProbe.log("up\u001b"))))
        .hasToString(
            "(port 5432 or (command pg_isready -h 'a b' and GET /x on port 80, status 204 and log"
                + " line \"up\\u001b\"))");
  }

  @Test
  void what_cannot_be_is_refused_with_its_value() {
    refused(ReadinessProbe.tcp(0), "There is no port 0");
    refused(ReadinessProbe.http(65_536, "/"), "65536");
    refused(ReadinessProbe.http(80, "health"), "\"health\" is not a path");
    refused(ReadinessProbe.http(80, "/a b"), "/a b");
    refused(ReadinessProbe.http(80, "/\r\nHost: x"), "is not a path");
    refused(ReadinessProbe.http(80, "/" + "x".repeat(2048)), "2,048");
    refused(ReadinessProbe.http(80, "/").status(101), "101 is not a status");
    refused(ReadinessProbe.exec(), "command of a readiness probe is empty");
    refused(ReadinessProbe.exec(""), "first element is empty");
    refused(ReadinessProbe.exec("a", "b\0"), "NUL");
    refused(ReadinessProbe.exec("x".repeat(65_537)), "65,537 bytes");
    refused(ReadinessProbe.log(""), "0 bytes");
    refused(ReadinessProbe.log("ü".repeat(501)), "1,002 bytes");
    refused(
        ReadinessProbe.tcp(1).interval(Duration.ZERO), "interval of the readiness probe port 1");
    refused(ReadinessProbe.exec("a").attemptTimeout(Duration.ofHours(2)), "PT2H");
    refused(ReadinessProbe.allOf(), "empty");
    refused(ReadinessProbe.anyOf(ReadinessProbe.allOf(ReadinessProbe.tcp(-5))), "-5");
  }

  @Test
  void there_are_so_many_at_most_and_so_deep() {
    var ports = Collections.nCopies(16, ReadinessProbe.tcp(1)).toArray(ReadinessProbe[]::new);
    var deepest = ReadinessProbe.anyOf(ReadinessProbe.allOf(ReadinessProbe.anyOf(ports)));
    assertThat(build(deepest).readyWhen()).contains(deepest);
    refused(ReadinessProbe.allOf(deepest), "more than 3 levels deep");
    refused(
        ReadinessProbe.allOf(ReadinessProbe.tcp(2), ReadinessProbe.anyOf(ports)),
        "17 readiness probes");
  }

  @Test
  void a_log_line_needs_a_command_that_prints_it() {
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(
            () ->
                Sandbox.builder()
                    .readyWhen(
                        ReadinessProbe.anyOf(ReadinessProbe.tcp(1), ReadinessProbe.log("up")))
                    .build())
        .withMessageContaining("log line \"up\"")
        .withMessageContaining("command(...)");
  }
}
