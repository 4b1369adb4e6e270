package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Backend;
import dev.sandboxed.Mount;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.Sandbox;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What tools inside learn of how those of this machine are configured. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class BuildToolsInsideTest {
  private static final String CERTIFICATES = "/etc/sandboxed/ca-certificates.pem";

  @Test
  void settings_and_certificates_are_there_before_anything_runs() {
    // Go is what this project is built with, so one tool at least is there.
    try (var sandbox =
        Sandbox.builder()
            .network(NetworkPolicy.buildTools())
            .command("sh", "-c", "test -s " + CERTIFICATES + " && exec env")
            .create()) {
      var output = sandbox.entrypoint().orElseThrow().stdout().text();
      assertThat(sandbox.waitFor().code()).isZero();
      assertThat(output).contains("SSL_CERT_FILE=" + CERTIFICATES, "GOPROXY=");
    }
  }

  @Test
  void own_variables_and_files_win() {
    try (var sandbox =
        Sandbox.builder().network(NetworkPolicy.buildTools()).env("GOPROXY", "off").create()) {
      assertThat(sandbox.exec("sh", "-c", "echo $GOPROXY").await().stdout()).isEqualTo("off\n");
    }
  }

  @Test
  void nothing_is_written_into_mounts(@TempDir Path host) throws Exception {
    try (var sandbox =
        Sandbox.builder()
            .network(NetworkPolicy.buildTools())
            .mount("/etc/sandboxed", Mount.writable(host))
            .create()) {
      assertThat(sandbox.files().list("/etc/sandboxed")).isEmpty();
    }
    try (var left = Files.list(host)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void the_doctor_says_what_tools_download_from() {
    try (var backend = GvisorBackend.open()) {
      assertThat(backend.check())
          .anySatisfy(
              finding -> {
                assertThat(finding.topic()).isEqualTo("Go");
                assertThat(finding.level()).isEqualTo(Backend.Finding.Level.OK);
                assertThat(finding.detail()).startsWith("from ").contains(":443 (");
              });
    }
  }

  @Test
  void other_sandboxes_learn_nothing() {
    try (var sandbox = Sandbox.builder().network(NetworkPolicy.none()).create()) {
      assertThat(sandbox.files().exists(CERTIFICATES)).isFalse();
      assertThat(sandbox.exec("env").await().stdout()).doesNotContain("SSL_CERT_FILE", "GOPROXY");
    }
  }
}
