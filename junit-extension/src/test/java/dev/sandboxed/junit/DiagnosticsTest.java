package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.sandboxed.Image;
import dev.sandboxed.MemorySnapshot;
import dev.sandboxed.Sandbox;
import dev.sandboxed.Secret;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.OutputDirectoryCreator;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.reporting.FileEntry;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/** The files that are attached to the report of a failed test. */
class DiagnosticsTest {
  @TempDir Path directory;

  /** What a fixture has published, and failed with. */
  private record Outcome(List<FileEntry> files, List<String> texts, List<Throwable> failures) {

    String text() {
      assertThat(texts).hasSize(1);
      return texts.get(0);
    }

    String told() {
      assertThat(failures).hasSize(1);
      assertThat(failures.get(0).getSuppressed()).hasSize(1);
      return failures.get(0).getSuppressed()[0].getMessage();
    }
  }

  /** Makes one directory per test; what is to happen before it writes to one can be added. */
  private static class Directories implements OutputDirectoryCreator {
    private final Path root;

    Directories(Path root) {
      this.root = root;
    }

    @Override
    public Path getRootDirectory() {
      return root;
    }

    @Override
    public Path createOutputDirectory(TestDescriptor test) throws IOException {
      var name = test.getUniqueId().toString().replaceAll("[^\\w.-]+", "_");
      return Files.createDirectories(root.resolve(name));
    }
  }

  private Outcome run(Class<?> fixture) {
    return run(fixture, Map.of(), new Directories(directory));
  }

  private static Outcome run(
      Class<?> fixture, Map<String, String> parameters, OutputDirectoryCreator directories) {
    var events =
        EngineTestKit.engine("junit-jupiter")
            .selectors(selectClass(fixture))
            .configurationParameters(parameters)
            .outputDirectoryCreator(directories)
            .execute()
            .allEvents();
    var files =
        events.fileEntryPublished().map(e -> e.getRequiredPayload(FileEntry.class)).toList();
    return new Outcome(
        files,
        files.stream().map(DiagnosticsTest::read).toList(),
        events.failed().stream().map(DiagnosticsTest::failure).toList());
  }

  private static String read(FileEntry entry) {
    try {
      return Files.readString(entry.getPath());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Throwable failure(Event event) {
    return event
        .getPayload(TestExecutionResult.class)
        .flatMap(TestExecutionResult::getThrowable)
        .orElseThrow();
  }

  @Sandboxed(
      command = {"sh", "-c", "echo serving; echo '\033[2Jodd' >&2; sleep 300"},
      readyWhen = @Probe(log = "serving"),
      env = "MODE=test",
      network = "*.example.org",
      memory = "96m",
      cpus = 1.5)
  static class Failing {
    @Test
    void fails(Sandbox sandbox) {
      sandbox.exec("sh", "-c", "echo out; exit 3").await();
      sandbox
          .exec("python3", "-c", "import socket; socket.create_connection(('203.0.113.7', 443))")
          .await();
      await().untilAsserted(() -> assertThat(sandbox.logs().text()).contains("serving", "odd"));
      fail("the test's own");
    }
  }

  @Test
  void oneFilePerSandboxTellsWhatIsKnownOfIt() {
    var outcome = run(Failing.class);

    assertThat(outcome.text())
        .contains("of test fails(Sandbox)\n", "\nStatus     running\n")
        .containsPattern("\nStart-up   prepared in [\\d,]+ ms, .*, ready in [\\d,]+ ms\n")
        .contains("\nLimits     memory 96m, cpus 1.5, disk 4g, processes 4,096\n")
        .contains("\nTimeout    300 s\n", "\nImage      the host's tools\n")
        .contains("\nCommand    sh -c 'echo serving", "\nVariables  MODE\n")
        .contains("\nNetwork    to *.example.org\n")
        .containsPattern(
            "\n20\\S+Z, [\\d,]+ ms\nsh -c 'echo out; exit 3': exit code 3\nstdout:\n  out")
        .containsPattern("\\d tcp://203.0.113.7:443: refused: no rule allows")
        .containsPattern("\\d stdout serving\n")
        .containsPattern("\\d stderr \\\\u001b\\[2Jodd\n")
        .doesNotContain("\033");
    assertThat(outcome.files().get(0).getMediaType())
        .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain"));
  }

  @Test
  void theFailureSaysWhereTheFilesAre() {
    var outcome = run(Failing.class);

    assertThat(outcome.told())
        .startsWith("Sandbox ")
        .contains("exit code 3")
        .endsWith("\nMore about it:\n  " + outcome.files().get(0).getPath());
  }

  @Sandboxed
  static class Changing {
    @Test
    void fails(Sandbox sandbox) {
      var secret = Secret.of("TOKEN", VALUE);
      sandbox
          .exec(
              "sh",
              "-c",
              "mkdir /srv/d; printf 'one\\ntwo\\n' > /srv/d/new; echo $TOKEN > /srv/token;"
                  + " echo mine >> /etc/hosts.allow; printf 'x\\033[2J\\n' > \"/srv/odd\nname\";"
                  + " mkdir /tmp/t; head -c 3000 /dev/zero > /tmp/t/bytes")
          .secret(secret)
          .await();
      fail("the test's own");
    }
  }

  @Test
  void changedFilesAreListedAndTheirDifferencesShown() {
    var outcome = run(Changing.class);

    assertThat(outcome.files())
        .extracting(f -> f.getPath().getFileName().toString().replaceAll(".*\\.", ""))
        .containsExactly("txt", "diff");
    assertThat(outcome.texts().get(0))
        .containsPattern(
            "\nadded   0755                /srv/d/\nadded   0644              8 /srv/d/new\n")
        .contains(" /srv/odd\\nname\n", " /tmp/t/\n", "3,000 /tmp/t/bytes\n");
    assertThat(outcome.texts().get(1))
        .contains("--- /dev/null\n+++ sandbox/srv/d/new\n@@ -0,0 +1,2 @@\n+one\n+two\n")
        .contains("+***\n", "+x\\u001b[2J\n")
        .doesNotContain("hunter2", "\033");
  }

  @Test
  void changedTextsAreComparedWithTheImages() throws IOException {
    Files.writeString(directory.resolve("poem"), "one\ntwo\nthree\n");
    try (var sandbox = Sandbox.builder().image(Image.directory(directory)).create()) {
      sandbox.files().write("/poem", "one\n2\nthree\n");
      var recording =
          new RecordingSandbox(sandbox, "this", new WantedDiagnostics(DiagnosticsMode.FULL, false));

      assertThat(recording.facts().diff())
          .isEqualTo("--- image/poem\n+++ sandbox/poem\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n");
    }
  }

  @Test
  void aSummaryHasNoChangedFiles() {
    var parameters = Map.of(Sandboxed.DIAGNOSTICS_PROPERTY_NAME, "summary");
    assertThat(run(Changing.class, parameters, new Directories(directory)).text())
        .contains("What ran")
        .doesNotContain("What it changed");
  }

  private static final Map<String, String> SNAPSHOT =
      Map.of(Sandboxed.DIAGNOSTICS_SNAPSHOT_PROPERTY_NAME, "true");

  @Sandboxed
  static class ToResume {
    @Test
    void fails(Sandbox sandbox) {
      sandbox.files().write("/tmp/note", "left behind");
      fail("the test's own");
    }
  }

  @Test
  void onRequestTheFailureSaysHowToStartACopy() {
    var told = run(ToResume.class, SNAPSHOT, new Directories(directory)).told();

    var command =
        "\\nAs it was then, in a copy:\n  mvn sandbox:shell -Dsandbox.snapshot=([0-9a-f]{64})$";
    var id = Pattern.compile(command).matcher(told);
    assertThat(id.find()).as(told).isTrue();
    var snapshot = MemorySnapshot.fromId(id.group(1));
    try (var copy = snapshot.start()) {
      assertThat(copy.files().readText("/tmp/note")).isEqualTo("left behind");
    } finally {
      snapshot.remove();
    }
  }

  @Test
  void noSnapshotIsTakenWhereSecretsWouldBeWrittenToTheDisk() {
    assertThat(run(WithSecrets.class, SNAPSHOT, new Directories(directory)).told())
        .endsWith(
            "\n"
                + "There is no memory snapshot of it: its commands were given secrets, and all that"
                + " is in its memory would be written to the disk");
  }

  @Test
  void ofASandboxThatHasEndedThereIsNoSnapshot() {
    assertThat(run(Ended.class, SNAPSHOT, new Directories(directory)).told())
        .contains("\nThere is no memory snapshot of it: ");
  }

  @Sandboxed(scope = SandboxScope.CLASS)
  static class Idle {
    @Sandboxed static Sandbox forAll;

    @Sandboxed(scope = SandboxScope.METHOD)
    Sandbox field;

    @Test
    void fails(Sandbox sandbox) {
      fail("the test's own");
    }
  }

  @Test
  void everySandboxIsToldOfThatTheTestCanHaveUsed() {
    var outcome = run(Idle.class);

    assertThat(outcome.texts()).hasSize(3);
    assertThat(outcome.told())
        .contains(
            "Idle.forAll], running\nMore", "Idle.field], running\nMore", "Idle], running\nMore");
  }

  @Sandboxed
  static class Passing {
    @Test
    void passes(Sandbox sandbox) {
      sandbox.exec("true").await();
    }

    @Test
    void aborts(Sandbox sandbox) {
      abort();
    }
  }

  @Test
  void nothingIsWrittenForTestsThatPassOrAbort() {
    assertThat(run(Passing.class).files()).isEmpty();
    assertThat(directory).isEmptyDirectory();
  }

  @Sandboxed(diagnostics = DiagnosticsMode.OFF)
  static class Off {
    @Test
    void fails(Sandbox sandbox) {
      sandbox.exec("true").await();
      fail("the test's own");
    }
  }

  @Test
  void switchedOffItTellsOnlyWhatRan() {
    var outcome = run(Off.class);
    assertThat(outcome.told())
        .endsWith("1 command ran in it:\ntrue: exit code 0\nstdout: (empty)\nstderr: (empty)");
    assertThat(directory).isEmptyDirectory();

    run(Idle.class, Map.of(Sandboxed.DIAGNOSTICS_PROPERTY_NAME, "off"), new Directories(directory));
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void theNearestAnnotationCountsThenTheConfiguration() {
    assertThat(mode(Off.class, "summary")).isEqualTo(DiagnosticsMode.OFF);
    assertThat(mode(Passing.class, "Off")).isEqualTo(DiagnosticsMode.OFF);
    assertThat(mode(Passing.class, "")).isEqualTo(DiagnosticsMode.FULL);
  }

  private static DiagnosticsMode mode(Class<?> type, String configured) {
    return new Settings(
            Declared.on(type),
            name ->
                Optional.of(configured)
                    .filter(c -> name.equals(Sandboxed.DIAGNOSTICS_PROPERTY_NAME)))
        .diagnostics()
        .mode();
  }

  @Test
  void anUnknownModeFailsTheTestBeforeItRuns() {
    var parameters = Map.of(Sandboxed.DIAGNOSTICS_PROPERTY_NAME, "default");
    assertThat(Engine.fail(Plain.class, parameters))
        .hasMessageEndingWith(
            "sandboxed.diagnostics = default, a configuration parameter: \"default\" is not known;"
                + " write off, summary or full")
        .satisfies(
            t ->
                assertThat(t instanceof ExtensionConfigurationException ? t : t.getCause())
                    .isInstanceOf(ExtensionConfigurationException.class));
  }

  @Sandboxed
  static class Plain {
    @Test
    void fails(Sandbox sandbox) {
      fail("the test's own");
    }
  }

  private static final String VALUE = "hunter2-of-a-test";

  @Sandboxed
  static class WithSecrets {
    @Test
    void fails(Sandbox sandbox) {
      var secret = Secret.of("TOKEN", VALUE);
      sandbox.exec("sh", "-c", "echo $TOKEN; echo " + VALUE + " >&2").secret(secret).await();
      sandbox.exec("echo", VALUE).await();
      fail("the test's own");
    }
  }

  @Test
  void secretsOfCommandsAreMasked() {
    assertThat(run(WithSecrets.class).text())
        .contains("stdout:\n  ***", "stderr:\n  ***")
        .doesNotContain("hunter2");
  }

  @Test
  void secretsOfTheSandboxAreMaskedInItsLog() {
    try (var sandbox =
        Sandbox.builder()
            .secret(Secret.of("TOKEN", VALUE))
            .command("sh", "-c", "echo $TOKEN; sleep 300")
            .create()) {
      await().untilAsserted(() -> assertThat(sandbox.logs().text()).contains(VALUE));
      var recording =
          new RecordingSandbox(
              sandbox, "this", new WantedDiagnostics(DiagnosticsMode.SUMMARY, false));
      assertThat(recording.summary(recording.facts()))
          .containsPattern("\\d stdout \\*\\*\\*\n")
          .contains("TOKEN (secret)")
          .doesNotContain("hunter2");
    }
  }

  @Sandboxed
  static class InDynamic {
    @TestFactory
    Stream<DynamicTest> tests(Sandbox sandbox) {
      return Stream.of(
          dynamicTest("one", () -> fail("the first")), dynamicTest("two", () -> fail("the other")));
    }
  }

  @Test
  void eachDynamicTestHasFilesOfItsOwn() {
    var outcome = run(InDynamic.class);

    assertThat(outcome.files()).extracting(FileEntry::getPath).hasSize(2).doesNotHaveDuplicates();
    assertThat(outcome.failures()).hasSize(2);
  }

  @Sandboxed(command = {"sh", "-c", "echo 'no configuration' >&2; exit 78"})
  static class Ended {
    @Test
    void fails(Sandbox sandbox) {
      sandbox.waitFor();
      sandbox.exec("true").await();
    }
  }

  @Test
  void ofASandboxThatHasEndedThereIsItsStatusAndItsLog() {
    assertThat(run(Ended.class).text())
        .contains("\nStatus     ended: exit code 78\n", "It is not known what it changed: ")
        .containsPattern("\\d stderr no configuration\n");
  }

  @Sandboxed(
      command = {"sh", "-c", "echo waiting; sleep 300"},
      readyWhen = @Probe(tcp = 8080),
      readyTimeout = "500ms")
  static class NeverReady {
    @Test
    void test(Sandbox sandbox) {
      throw new AssertionError("Ready: " + sandbox);
    }
  }

  @Test
  void aSandboxThatDoesNotGetReadyIsToldOf() {
    assertThat(run(NeverReady.class).text())
        .contains("\nStatus     running\n")
        .containsPattern("\\d stdout waiting\n");
  }

  @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP)
  static class FailingSetup {
    @SandboxSetup
    static void load(Sandbox sandbox) {
      sandbox.exec("sh", "-c", "exit 9").await();
      fail("no data");
    }

    @Test
    void test(Sandbox sandbox) {}
  }

  @Test
  void aSandboxWhoseSetUpFailedIsToldOf() {
    assertThat(run(FailingSetup.class).text())
        .contains("of set-up of class [", "sh -c 'exit 9': exit code 9");
  }

  @Sandboxed(
      command = {
        "sh",
        "-c",
        "yes 'a line of a program that says the same' | head -n 20000; sleep 300"
      })
  static class Talkative {
    @Test
    void fails(Sandbox sandbox) {
      await().until(() -> sandbox.logs().lines().size() == 20_000);
      for (var i = 0; i < 110; i++) {
        sandbox.exec("echo", "n" + i).await();
      }
      fail("the test's own");
    }
  }

  @Test
  void whatIsWrittenIsBounded() {
    assertThat(run(Talkative.class).text())
        .hasSizeLessThan(512 << 10)
        .contains(
            "11 commands before these", "echo n10:", "echo n109:", "stdout a line of a program")
        .doesNotContain("echo n9:");
  }

  @Sandboxed(network = "*.example.org")
  static class Frozen {
    @Test
    void fails(Sandbox sandbox) throws Exception {
      sandbox.exec("true").await();
      signal("STOP", sandbox.id());
      fail("the test's own");
    }
  }

  private static void signal(String signal, String id) throws IOException, InterruptedException {
    var keepers =
        ProcessHandle.current()
            .descendants()
            .filter(p -> p.info().commandLine().orElse("").contains("keeper"))
            .map(ProcessHandle::pid)
            .toList();
    assertThat(keepers).as("the keeper of %s", id).isNotEmpty();
    var command = new ArrayList<>(List.of("kill", "-" + signal));
    keepers.forEach(pid -> command.add(pid.toString()));
    assertThat(new ProcessBuilder(command).start().waitFor()).isZero();
  }

  @Test
  void aSandboxThatHangsHoldsNothingUp() {
    // What is attached is known by now, so the keeper may go on and end.
    var directories =
        new Directories(directory) {
          @Override
          public Path createOutputDirectory(TestDescriptor test) throws IOException {
            try {
              signal("CONT", "the frozen one");
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
            return super.createOutputDirectory(test);
          }
        };
    assertThat(run(Frozen.class, Map.of(), directories).text())
        .contains("Its log cannot be read: no answer within 5 s")
        .contains("It is not known what it changed: no answer within 5 s")
        .contains("true: exit code 0");
  }

  @Test
  void whereFilesCannotBeWrittenTheFailureSaysSo() {
    var none = directory.resolve("file");
    var directories =
        new Directories(none) {
          @Override
          public Path createOutputDirectory(TestDescriptor test) throws IOException {
            throw new IOException("No space left on device");
          }
        };
    assertThat(run(Plain.class, Map.of(), directories).told())
        .contains(".txt could not be written: java.io.IOException: No space left on device");
  }
}
