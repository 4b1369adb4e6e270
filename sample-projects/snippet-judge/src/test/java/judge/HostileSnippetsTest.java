package judge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Sandbox;
import dev.sandboxed.junit.SandboxMount;
import dev.sandboxed.junit.Sandboxed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Snippets that are up to no good. */
@Sandboxed(memory = "1g", disk = "64m", processes = 32, timeout = "2m")
class HostileSnippetsTest {
  private static final Duration SHORT = Duration.ofSeconds(3);

  /** The variables that tools need and that tell nothing. */
  private static final Set<String> TOOLS =
      Set.of("HOME", "USER", "PATH", "LANG", "JAVA_HOME", "GOROOT", "PWD", "OLDPWD", "SHLVL", "_");

  @Test
  void forkBomb(Sandbox sandbox) {
    var judgement = new Judge(sandbox, SHORT).judge("fork-bomb.py");

    assertThat(judgement.verdict()).isEqualTo(Verdict.TIME_LIMIT_EXCEEDED);
    assertThat(sandbox.exec("true").await().isSuccess()).isTrue();
  }

  @Test
  void endlessLoop(Sandbox sandbox) {
    var judgement = new Judge(sandbox, SHORT).judge("endless-loop.sh");

    assertThat(judgement.verdict()).isEqualTo(Verdict.TIME_LIMIT_EXCEEDED);
    assertThat(sandbox.exec("true").await().isSuccess()).isTrue();
  }

  @Test
  @Sandboxed(memory = "128m")
  void memoryBomb(Sandbox sandbox) {
    var judgement = new Judge(sandbox).judge("memory-bomb.py");

    assertThat(judgement.verdict()).isEqualTo(Verdict.MEMORY_LIMIT_EXCEEDED);
  }

  @Test
  void diskFiller(Sandbox sandbox) {
    var judgement = new Judge(sandbox).judge("disk-filler.sh");

    assertThat(judgement.verdict()).isEqualTo(Verdict.RUNTIME_ERROR);
    assertThat(judgement.stderr()).contains("No space left on device");
  }

  @Test
  void endlessOutput(Sandbox sandbox) {
    var judgement = new Judge(sandbox).judge("endless-output.sh");

    assertThat(judgement.verdict()).isEqualTo(Verdict.OUTPUT_LIMIT_EXCEEDED);
  }

  @Test
  void stealsKeys(Sandbox sandbox) {
    var judgement = new Judge(sandbox).judge("steal-keys.py");

    assertThat(judgement.verdict()).isEqualTo(Verdict.ACCEPTED);
    assertThat(judgement.stdout()).isEmpty();
  }

  @Test
  void stealsEnvironmentVariables(Sandbox sandbox) {
    var judgement = new Judge(sandbox).judge("steal-env.sh");

    assertThat(judgement.stdout().lines().map(line -> line.split("=", 2)[0]))
        .isSubsetOf(TOOLS);
  }

  @Test
  void phonesHome(Sandbox sandbox) {
    var judgement = new Judge(sandbox).judge("phone-home.py");

    assertThat(judgement.verdict()).isEqualTo(Verdict.RUNTIME_ERROR);
    assertThat(judgement.stderr()).contains("Network is unreachable");
  }

  @Test
  @Sandboxed(mounts = @SandboxMount(source = "src", target = "/checkout"))
  void vandalisesTheCheckout(Sandbox sandbox) {
    var judgement = new Judge(sandbox).judge("vandal.sh");

    assertThat(judgement.stdout()).isEqualTo("nothing left\n");
    assertThat(Path.of("src/test/java")).isNotEmptyDirectory();
  }

  @Test
  @Sandboxed(processes = 256)
  void writesOutside(Sandbox sandbox) {
    var judgement = new Judge(sandbox).judge("WriteOutside.java");

    assertThat(judgement.verdict()).as(judgement.toString()).isEqualTo(Verdict.RUNTIME_ERROR);
    assertThat(judgement.stderr()).contains("Read-only file system");
    assertThat(Files.exists(Path.of("/tmp/pwned-by-a-snippet"))).isFalse();
  }
}
