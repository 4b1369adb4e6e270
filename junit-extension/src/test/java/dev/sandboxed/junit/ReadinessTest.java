package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.ReadinessTimeoutException;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxNotRunningException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.testkit.engine.EngineExecutionResults;

/** Sandboxes are injected when what they run is ready. */
class ReadinessTest {
  private static final String SERVER = "python3 -m http.server 8080 --directory /tmp";

  private static List<String> reported(EngineExecutionResults results) {
    return results
        .allEvents()
        .reportingEntryPublished()
        .map(e -> e.getRequiredPayload(ReportEntry.class).getKeyValuePairs())
        .flatMap(pairs -> Stream.ofNullable(pairs.get("sandbox startup")))
        .toList();
  }

  @Sandboxed(
      command = {"sh", "-c", "sleep 0.5; echo up; exec " + SERVER},
      readyWhen = {
        @Probe(log = "^up$"),
        @Probe(tcp = 8080),
        @Probe(http = 8080, path = "/", status = 200),
        @Probe(
            exec = {"test", "-d", "/tmp"},
            interval = "20ms")
      })
  static class ReadyServer {
    @BeforeEach
    void isReady(Sandbox sandbox) {
      assertThat(sandbox.startup().ready()).isPresent();
    }

    @Test
    void answers(Sandbox sandbox) {
      assertThat(
              sandbox
                  .exec(
                      "python3",
                      "-c",
                      "import urllib.request as r;"
                          + " print(r.urlopen('http://127.0.0.1:8080/').status)")
                  .await()
                  .stdout())
          .isEqualTo("200\n");
    }
  }

  @Test
  void waitsBeforeTheTestAndReportsHowLongItTook() {
    assertThat(reported(Engine.pass(ReadyServer.class)))
        .singleElement()
        .asString()
        .matches(
            "Sandbox [a-z0-9-]+ of test answers\\(Sandbox\\): prepared in [0-9,]+ ms, started in"
                + " [0-9,]+ ms, answered in [0-9,]+ ms, ready in [0-9,]+ ms");
  }

  @Sandboxed(
      scope = SandboxScope.CLASS,
      command = {"sh", "-c", "exec " + SERVER},
      readyWhen = @Probe(tcp = 8080))
  static class Shared {
    @Test
    void one(Sandbox sandbox) {
      assertThat(sandbox.startup().ready()).isPresent();
    }

    @Test
    void two(Sandbox sandbox) {
      assertThat(sandbox.startup().ready()).isPresent();
    }
  }

  @Test
  void waitsOnceForASharedSandbox() {
    assertThat(reported(Engine.pass(Shared.class))).hasSize(1);
  }

  @Sandboxed(readyWhen = @Probe(tcp = 8080, interval = "1ms"))
  @Retention(RetentionPolicy.RUNTIME)
  @interface NeverReady {}

  @NeverReady
  static class TooLate {
    @Test
    void test(Sandbox sandbox) {
      throw new AssertionError("Ready: " + sandbox);
    }
  }

  @Test
  void failsWithWhatWasSeenLast() {
    var failure =
        Engine.fail(TooLate.class, Map.of(Sandboxed.READY_TIMEOUT_PROPERTY_NAME, "300ms"))
            .getCause();
    assertThat(failure)
        .isInstanceOf(ReadinessTimeoutException.class)
        .hasMessageContaining("was not ready within PT0.3S")
        .hasMessageContaining("Its probe: port 8080");
    var id = failure.getMessage().split(" ")[2];
    assertThat(Sandbox.fromId(id).poll()).isPresent();
  }

  @Sandboxed(
      command = {"sh", "-c", "echo 'cannot read the configuration' >&2; exit 78"},
      readyWhen = @Probe(tcp = 8080))
  static class EndsEarly {
    @Test
    void test(Sandbox sandbox) {
      throw new AssertionError("Ready: " + sandbox);
    }
  }

  @Test
  void failsWithTheEndOfTheOutputIfTheCommandEnds() {
    assertThat(Engine.fail(EndsEarly.class).getCause())
        .isInstanceOf(SandboxNotRunningException.class)
        .hasMessageContaining("exit code 78")
        .hasMessageContaining("cannot read the configuration");
  }

  @Sandboxed(readyWhen = @Probe)
  static class Nothing extends TakesSandbox {}

  @Sandboxed(readyWhen = @Probe(tcp = 1, log = "up"))
  static class TwoKinds extends TakesSandbox {}

  @Sandboxed(readyWhen = @Probe(tcp = 1, path = "/health"))
  static class PathOfAPort extends TakesSandbox {}

  @Sandboxed(readyWhen = @Probe(tcp = 65_536))
  static class NoPort extends TakesSandbox {}

  @Sandboxed(readyWhen = @Probe(log = "up"))
  static class NoCommand extends TakesSandbox {}

  @Sandboxed(readyWhen = @Probe(tcp = 1), readyTimeout = "soon")
  static class NoTime extends TakesSandbox {}

  @Test
  void whatCannotBeIsToldWithItsPlace() {
    var expected =
        Map.of(
            Nothing.class, "readyWhen = @Probe()",
            TwoKinds.class, "has 2 of tcp, http, exec and log",
            PathOfAPort.class, "which only http has",
            NoPort.class, "@Sandboxed(readyWhen = @Probe(tcp = 65536)) on class",
            NoCommand.class, "add command(...)",
            NoTime.class, "readyTimeout = \"soon\"");
    expected.forEach(
        (fixture, mention) ->
            assertThat(Engine.fail(fixture).getCause())
                .isInstanceOf(ExtensionConfigurationException.class)
                .hasMessageContaining(mention)
                .hasMessageContaining(fixture.getSimpleName()));
  }
}
