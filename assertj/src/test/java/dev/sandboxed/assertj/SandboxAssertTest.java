package dev.sandboxed.assertj;

import static dev.sandboxed.assertj.SandboxAssertFactories.EXEC_RESULT;
import static dev.sandboxed.assertj.SandboxAssertFactories.SANDBOX;
import static dev.sandboxed.assertj.SandboxAssertions.assertThat;
import static dev.sandboxed.assertj.SandboxAssertions.then;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.sandboxed.ExecTimeoutException;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ReadinessProbe;
import dev.sandboxed.Sandbox;
import dev.sandboxed.Secret;
import dev.sandboxed.Signal;
import dev.sandboxed.junit.Probe;
import dev.sandboxed.junit.SandboxScope;
import dev.sandboxed.junit.Sandboxed;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.error.AssertJMultipleFailuresError;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.opentest4j.AssertionFailedError;

/** What is asserted on sandboxes that run, their processes and files, and what failures show. */
@Sandboxed(scope = SandboxScope.CLASS, network = "allowed.example")
class SandboxAssertTest {

  @BeforeAll
  static void fill(Sandbox sandbox) {
    sandbox
        .exec(
            "sh",
            "-c",
            """
            mkdir -p /srv/site/css /srv/empty && cd /srv/site
            printf 'one\\ntwo\\n' > words && chmod 0640 words && chown 123:456 words
            ln -s words link && ln -s nowhere dangling && mkfifo pipe
            printf x > "$(printf 'evil\\033[2J\\nname')"
            printf 'token hunter2-hunter2' > css/token
            """)
        .await();
  }

  @Test
  void passesWhereFilesAreAsExpected(Sandbox sandbox) {
    assertThat(sandbox)
        .file("/srv/site/words")
        .exists()
        .isRegularFile()
        .hasContent("one\ntwo\n")
        .hasSize(8)
        .hasMode(0640)
        .hasOwner("123")
        .hasGroup("456")
        .contentAsString()
        .startsWith("one")
        .doesNotContain("three");
    assertThat(sandbox).file("/srv/site/link").isSymbolicLink().isSymbolicLinkTo("words");
    assertThat(sandbox).file("/srv/site/link").hasContent("one\ntwo\n");
    assertThat(sandbox).file("/srv/site/dangling").exists().isSymbolicLinkTo("nowhere");
    assertThat(sandbox).file("/srv/site").isDirectory().containsEntries("words", "link", "css");
    assertThat(sandbox).file("/srv/site/css").containsOnlyEntries("token");
    assertThat(sandbox).file("/srv/empty").containsOnlyEntries().hasOwner("root");
    assertThat(sandbox).file("/srv").entries().containsExactly("empty", "site");
    assertThat(sandbox).file("/srv/none").doesNotExist();
    assertThat(sandbox).file("/srv/site/words/below").doesNotExist();
    then(new SandboxPath(sandbox, "/srv")).isDirectory();
  }

  @Test
  void showsWhatIsAroundAMissingFile(Sandbox sandbox) {
    assertThat(failureOf(() -> assertThat(sandbox).file("/srv/none/deep/er").hasContent("x")))
        .hasMessageMatching(
            """

            Expecting /srv/none/deep/er to exist, but there is nothing.
            The nearest directory, /srv, holds:
              d0755 root root [\\d,]+ empty
              d0755 root root [\\d,]+ site\
            """);
    assertThat(failureOf(() -> assertThat(sandbox).file("/srv/site/words/x").exists()))
        .hasMessageContaining("The nearest directory, /srv/site, holds:")
        .hasMessageContaining("-0640 123 456 8 words")
        .hasMessageContaining("l0777 root root 5 link -> words")
        .hasMessageContaining("evil\\u001b[2J\\nname");
    assertThat(failureOf(() -> assertThat(sandbox).file("none").as("the report").exists()))
        .hasMessageStartingWith("[the report] ")
        .hasMessageContaining("Expecting none to exist, but there is nothing.")
        .hasMessageContaining("The nearest directory, ., holds:");
    assertThat(failureOf(() -> assertThat(sandbox).file("/etc/../srv/none\u001b[2J").exists()))
        .hasMessageContaining("none\\u001b[2J");
  }

  @Test
  void showsBothContentsWhereTheyDiffer(Sandbox sandbox) {
    assertThat(failureOf(() -> assertThat(sandbox).file("/srv/site/words").hasContent("one\n")))
        .hasMessage(
            """

            Expecting /srv/site/words to have the content:
            "one
            "
            but it is:
            "one
            two
            "
            They differ first in line 2, column 1.
              -0640 123 456 8 words\
            """)
        .asInstanceOf(type(AssertionFailedError.class))
        .satisfies(
            e -> {
              assertThat(e.getExpected().getStringRepresentation()).contains("one\n");
              assertThat(e.getActual().getStringRepresentation()).contains("one\ntwo\n");
            });
    assertThat(
            failureOf(
                () -> assertThat(sandbox).file("/srv/site/words").contentAsString().isEmpty()))
        .hasMessageStartingWith("[content of /srv/site/words] ")
        .hasMessageContaining("one\ntwo\n");
  }

  @Test
  void showsHowAFileIs(Sandbox sandbox) {
    var words = "\n  -0640 123 456 8 words";

    assertThat(failureOf(() -> assertThat(sandbox).file("/srv/site/words").hasMode(0755)))
        .hasMessage("\nExpecting /srv/site/words to have the mode 0755, but it is 0640:" + words);
    assertThat(failureOf(() -> assertThat(sandbox).file("/srv/site/words").hasSize(9)))
        .hasMessage(
            "\nExpecting /srv/site/words to have the size 9 bytes, but it is 8 bytes:" + words);
    assertThat(failureOf(() -> assertThat(sandbox).file("/srv/site/words").hasOwner("root")))
        .hasMessageContaining("to have the owner \"root\", but it is \"123\":" + words);
    assertThat(failureOf(() -> assertThat(sandbox).file("/srv/site/words").hasGroup("root")))
        .hasMessageContaining("to have the group \"root\", but it is \"456\":" + words);
    assertThat(failureOf(() -> assertThat(sandbox).file("/srv/site/words").isDirectory()))
        .hasMessage(
            "\nExpecting /srv/site/words to be a directory, but it is a regular file:" + words);
    assertThat(failureOf(() -> assertThat(sandbox).file("/srv/site/words").doesNotExist()))
        .hasMessage("\nExpecting /srv/site/words not to exist, but it does:" + words);
    assertThat(failureOf(() -> assertThat(sandbox).file("/srv/site/link").isRegularFile()))
        .hasMessageContaining("to be a regular file, but it is a symbolic link:");
    assertThat(failureOf(() -> assertThat(sandbox).file("/srv/site/link").isSymbolicLinkTo("x")))
        .hasMessageContaining("to point to \"x\", but it is \"words\":");
    assertThat(failureOf(() -> assertThat(sandbox).file("/srv/site").hasContent("")))
        .hasMessageContaining("Expecting /srv/site to have a content, but it cannot be read:");
    assertThat(failureOf(() -> assertThat(sandbox).file("/srv/site/words").containsEntries("x")))
        .hasMessageContaining("to have entries, but it cannot be listed:");
    assertThat(failureOf(() -> assertThat(sandbox).file("/srv").containsEntries("site", "x", "a")))
        .hasMessageContaining("Expecting /srv to contain [\"a\", \"x\"], but it holds:\n  d0755");
    assertThat(failureOf(() -> assertThat(sandbox).file("/srv").containsOnlyEntries("site")))
        .hasMessageContaining(
            "Expecting /srv to contain nothing but [\"site\"], but there is [\"empty\"], too:");
  }

  @Test
  void showsNoSecrets() {
    try (var sandbox =
        Sandbox.builder()
            .secret(Secret.of("TOKEN", "hunter2-hunter2"))
            .command("sh", "-c", "echo $TOKEN; echo $TOKEN > /tmp/$TOKEN; exec sleep 60")
            .create()) {
      var log = sandbox.logs();
      assertThat(log.follow().findFirst()).isPresent();

      var file = "/tmp/hunter2-hunter2";
      for (ThrowingCallable assertion :
          new ThrowingCallable[] {
            () -> assertThat(sandbox).hasEnded(),
            () -> assertThat(sandbox).log().isEmpty(),
            () -> assertThat(sandbox).file(file).hasContent(""),
            () -> assertThat(sandbox).file(file).contentAsString().isEmpty(),
            () -> assertThat(sandbox).file(file).isDirectory(),
            () -> assertThat(sandbox).file("/tmp").containsEntries("x"),
            () -> assertThat(sandbox).file("/tmp").entries().isEmpty(),
            () -> assertThat(sandbox).file("/tmp/x").exists()
          }) {
        assertThat(failureOf(assertion).toString())
            .contains("***")
            .doesNotContain("hunter2-hunter2");
      }
    }
  }

  @Test
  void passesWhereProcessesAreAsExpected(Sandbox sandbox) {
    try (var process = sandbox.exec("sleep", "100").start()) {
      assertThat(process).isRunning();
      process.signal(Signal.TERM);
      assertThat(process)
          .endsWithin(Duration.ofSeconds(30))
          .hasEnded()
          .failed()
          .wasSignaled(Signal.TERM)
          .endedBy(ExitReason.SIGNALED);
    }
    assertThatThrownBy(() -> sandbox.exec("sleep", "100").timeout(Duration.ofMillis(100)).await())
        .asInstanceOf(type(ExecTimeoutException.class))
        .extracting(ExecTimeoutException::partial, EXEC_RESULT)
        .timedOut();
  }

  @Test
  void showsHowAProcessIs(Sandbox sandbox) {
    try (var process = sandbox.exec("sleep", "100").start()) {
      var shown = "\n  sleep 100 (pid %d): running".formatted(process.pid());
      assertThat(failureOf(() -> assertThat(process).hasEnded()))
          .hasMessage("\nExpecting the process to have ended, but it is still running:" + shown);
      assertThat(failureOf(() -> assertThat(process).succeeded()))
          .hasMessage("\nExpecting the process to succeed, but it is still running:" + shown);
      assertThat(failureOf(() -> assertThat(process).endsWithin(Duration.ofMillis(1))))
          .hasMessage(
              "\nExpecting the process to end within PT0.001S, but it is still running:" + shown);
      process.kill();
      process.waitFor();
      assertThat(failureOf(() -> assertThat(process).isRunning()))
          .hasMessageStartingWith(
              "\nExpecting the process to run, but it ended with SIGNALED (exit code 137):");
    }
  }

  @Test
  void passesWhereASandboxIsAsExpected(
      @Sandboxed(
              command = {"sh", "-c", "echo up; read line; exit 3"},
              readyWhen = @Probe(log = "up"))
          Sandbox service)
      throws Exception {
    assertThat(service).isRunning().isReady().hasNoRefusedConnections();
    assertThat(service).log().isEqualTo("up\n");
    Object any = service;
    assertThat(any).asInstanceOf(SANDBOX).isRunning();

    service.entrypoint().orElseThrow().stdin().close();

    assertThat(service).endsWithin(Duration.ofSeconds(30)).hasEnded().failed().exitedWith(3);
    assertThat(failureOf(() -> assertThat(service).isRunning()))
        .hasMessage(
            """

            Expecting the sandbox to run, but it ended with exit code 3:
            sandbox %s, ended: exit code 3
            log:
              up\
            """
                .formatted(service.id()));
    assertThat(failureOf(() -> assertThat(service).log().contains("down")))
        .hasMessageStartingWith(
            "[log of the sandbox %s, ended: exit code 3] ".formatted(service.id()));
  }

  @Test
  void saysThatASandboxIsNotReady() {
    try (var sandbox =
        Sandbox.builder().command("sleep", "100").readyWhen(ReadinessProbe.tcp(5432)).create()) {
      assertThat(failureOf(() -> assertThat(sandbox).isReady()))
          .hasMessageContaining("Expecting the sandbox to be ready, but it is not: ")
          .hasMessageContaining("5432")
          .hasMessageContaining("sandbox %s, running\nlog: (empty)".formatted(sandbox.id()));
    }
  }

  @Test
  void tellsOfRefusedConnections(Sandbox sandbox) {
    sandbox.exec("getent", "hosts", "refused.example").await();

    assertThat(sandbox).hasRefusedConnectionTo("refused.example");
    assertThat(failureOf(() -> assertThat(sandbox).hasNoRefusedConnections()))
        .hasMessageContaining("Expecting the sandbox to have no refused connections, but there")
        .hasMessageContaining("dns://refused.example: refused");
    assertThat(failureOf(() -> assertThat(sandbox).hasRefusedConnectionTo("other.example")))
        .hasMessageContaining(
            "Expecting the sandbox to have a refused connection to other.example, but what it"
                + " tried is:\n  dns://refused.example: refused");
  }

  @Test
  void gathersFailures(Sandbox sandbox) {
    var failure =
        catchThrowableOfType(
            AssertJMultipleFailuresError.class,
            () -> {
              try (var softly = new SandboxSoftAssertions()) {
                softly.assertThat(sandbox).hasEnded().succeeded();
                softly.assertThat(sandbox).file("/srv/none").exists().isDirectory();
                softly
                    .assertThat(sandbox)
                    .file("/srv/site/words")
                    .hasMode(0)
                    .contentAsString()
                    .isEmpty();
                softly.assertThat(sandbox).file("/srv").entries().isEmpty();
                softly.assertThat(sandbox).log().isNotEmpty();
                softly.then(new SandboxPath(sandbox, "/srv")).isRegularFile();
                softly.then(sandbox).isRunning();
              }
            });

    assertThat(failure.getFailures()).hasSize(9);
  }

  private static AssertionError failureOf(ThrowingCallable assertion) {
    return catchThrowableOfType(AssertionError.class, assertion);
  }
}
