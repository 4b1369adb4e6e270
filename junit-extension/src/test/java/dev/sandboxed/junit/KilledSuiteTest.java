package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.sandboxed.Sandbox;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** A JVM whose tests have sandboxes of every scope is killed: nothing of them is left. */
class KilledSuiteTest {
  private static final String READY = "ready to be killed";

  @TempDir(factory = ShortDirectory.class)
  Path state;

  /** Its tests are run by another JVM. */
  @Sandboxed(scope = SandboxScope.CLASS)
  static class Suite {
    @Sandboxed(scope = SandboxScope.METHOD)
    Sandbox fresh;

    @RepeatedTest(3)
    void test(
        Sandbox ofClass,
        @Sandboxed(scope = SandboxScope.HIERARCHY) Sandbox ofHierarchy,
        @Sandboxed(scope = SandboxScope.EXECUTION) Sandbox ofExecution,
        @Sandboxed(scope = SandboxScope.SESSION) Sandbox ofSession,
        RepetitionInfo repetition)
        throws IOException, InterruptedException {
      var process = ofSession.exec("sh", "-c", "echo up; exec sleep 600").start();
      assertThat(process.stdout().stream().read()).isEqualTo('u');
      if (repetition.getCurrentRepetition() == 2) {
        // With the sandbox that is prepared for the last repetition.
        await().atMost(Duration.ofSeconds(60)).until(() -> Keepers.count() == 6);
        System.out.println(READY);
        if (!Boolean.getBoolean("suite.ends")) {
          new CountDownLatch(1).await();
        }
      }
    }
  }

  /** Runs the suite in the launcher. */
  static final class Main {
    private Main() {}

    public static void main(String[] arguments) {
      var failures = new Failures(new ArrayList<>());
      try (var session = LauncherFactory.openSession()) {
        session
            .getLauncher()
            .execute(
                LauncherDiscoveryRequestBuilder.request()
                    .selectors(selectClass(Suite.class))
                    .build(),
                failures);
      }
      failures.found().forEach(System.out::println);
      System.exit(failures.found().size());
    }
  }

  private Process start(Path log, String... properties) throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m"));
    command.addAll(List.of(properties));
    command.add("-Djava.io.tmpdir=" + state);
    command.add("-Dsandboxed.records=" + state.resolve("records"));
    var classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    command.addAll(List.of("-cp", classPath, Main.class.getName()));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().remove("XDG_RUNTIME_DIR");
    return builder.redirectOutput(log.toFile()).start();
  }

  @Test
  void leavesNothing(@TempDir Path logs) throws IOException, InterruptedException {
    var log = logs.resolve("killed");
    var suite = start(log);
    await()
        .atMost(Duration.ofMinutes(2))
        .until(() -> !suite.isAlive() || Files.readString(log).contains(READY));
    assertThat(suite.isAlive()).as(Files.readString(log)).isTrue();
    assertThat(running()).hasSizeGreaterThan(6);
    assertThat(directories()).hasSize(6);

    suite.destroyForcibly();

    assertThat(suite.waitFor(30, TimeUnit.SECONDS)).isTrue();
    await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(running()).isEmpty());

    // The next one takes away what a killed process cannot, and does the same in peace.
    var next = start(logs.resolve("next"), "-Dsuite.ends=true");
    assertThat(next.waitFor(120, TimeUnit.SECONDS)).isTrue();
    assertThat(next.exitValue()).as(Files.readString(logs.resolve("next"))).isZero();
    assertThat(running()).isEmpty();
    assertThat(directories()).isEmpty();
  }

  /** Returns the directories of sandboxes, but for what is known of ended ones. */
  private List<Path> directories() throws IOException {
    try (var files = Files.walk(state)) {
      return files
          .filter(f -> f.getFileName().toString().matches("sb-[a-z0-9]+"))
          .filter(f -> !f.startsWith(state.resolve("records")))
          .toList();
    }
  }

  /** Returns the processes that use the directory of this test, which nobody else does. */
  private List<String> running() {
    var processes = Path.of("/proc").toFile().list((dir, name) -> name.matches("\\d+"));
    return Stream.of(processes == null ? new String[0] : processes)
        .filter(pid -> !pid.equals(Long.toString(ProcessHandle.current().pid())))
        .map(pid -> Path.of("/proc", pid))
        .map(p -> p.getFileName() + " " + text(p.resolve("cmdline")) + text(p.resolve("environ")))
        .filter(text -> text.contains(state.toString()))
        .toList();
  }

  private static String text(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1).replace('\0', ' ');
    } catch (IOException | UncheckedIOException e) {
      return "";
    }
  }
}
