package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.SandboxNetwork;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever ends the JVM that created a sandbox, nothing of the sandbox is left. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class CreatorDeathTest {
  private Process creator;
  private String id = "";
  private String network = "";

  @BeforeEach
  void start() throws IOException {
    var builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Leaver.class.getName());
    creator = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    var output = creator.inputReader(StandardCharsets.UTF_8);
    id = output.readLine();
    network = output.readLine();
    assertThat(id).startsWith("sb-");
    assertThat(Hosts.stateDirectory(network)).isDirectory();
    assertThat(Hosts.hasProcessNaming(id)).isTrue();
  }

  @AfterEach
  void end() {
    creator.destroyForcibly();
  }

  @Test
  void leaves_nothing_after_an_exit() throws Exception {
    creator.getOutputStream().close();
    assertThat(creator.waitFor(60, TimeUnit.SECONDS)).isTrue();

    // The shutdown hook waits for the clean-up, so there is nothing to wait for here.
    assertThat(Hosts.hasProcessNaming(id)).isFalse();
    assertThat(Hosts.stateDirectory(id)).doesNotExist();
    assertThat(Hosts.stateDirectory(network)).doesNotExist();
  }

  @Test
  void leaves_nothing_after_a_kill() {
    creator.destroyForcibly();

    await().atMost(Duration.ofSeconds(30)).until(() -> !Hosts.hasProcessNaming(id));
    await().atMost(Duration.ofSeconds(30)).until(() -> !Hosts.stateDirectory(id).toFile().exists());
    // The next process that uses networks removes what is left of one whose process is gone.
    try (var next = SandboxNetwork.create()) {
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> !Hosts.stateDirectory(network).toFile().exists());
      assertThat(Hosts.stateDirectory(next.id())).isDirectory();
    }
  }
}
