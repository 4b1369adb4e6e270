package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Mount;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class MountTest {
  @TempDir private Path host;

  @BeforeEach
  void fill() throws IOException {
    Files.writeString(host.resolve("a"), "from the host");
    Files.createDirectory(host.resolve("d"));
  }

  @Test
  void keeps_changes_of_a_copy_on_write_mount_inside() throws IOException {
    try (var sandbox =
        Sandbox.builder().mount("/work", Mount.copyOnWrite(host)).workdir("/work").create()) {
      var result =
          sandbox
              .exec("sh", "-c", "cat a; echo changed > a; rm -r d; echo new > b; mkdir e; cat a")
              .await();
      assertThat(result.stdout()).isEqualTo("from the hostchanged\n");
      assertThat(result.stderr()).isEmpty();
    }
    assertThat(host.resolve("a")).hasContent("from the host");
    assertThat(host.resolve("d")).isDirectory();
    assertThat(host.resolve("b")).doesNotExist();
    try (var left = Files.list(host)) {
      assertThat(left).hasSize(2);
    }
  }

  @Test
  void refuses_writes_to_a_read_only_mount() {
    try (var sandbox = Sandbox.builder().mount("/in", Mount.readOnly(host)).create()) {
      assertThat(sandbox.files().readText("/in/a")).isEqualTo("from the host");
      assertThatExceptionOfType(SandboxFileException.PermissionDenied.class)
          .isThrownBy(() -> sandbox.files().write("/in/a", "x"))
          .withMessageContaining("/in/a");
    }
    assertThat(host.resolve("a")).hasContent("from the host");
  }

  @Test
  void writes_through_a_writable_mount_and_sees_the_hosts_changes() throws IOException {
    try (var sandbox = Sandbox.builder().mount("/out", Mount.writable(host)).create()) {
      sandbox.files().write("/out/result", "done");
      assertThat(host.resolve("result")).hasContent("done");
      Files.writeString(host.resolve("later"), "seen");
      assertThat(sandbox.files().readText("/out/later")).isEqualTo("seen");
      Files.writeString(host.resolve("a"), "changed outside");
      assertThat(sandbox.files().readText("/out/a")).isEqualTo("changed outside");
    }
  }

  @Test
  void mounts_single_files_and_several_mounts_together() throws IOException {
    var other = Files.writeString(Files.createDirectory(host.resolve("o")).resolve("x"), "x");
    try (var sandbox =
        Sandbox.builder()
            .mount("/one/file", Mount.readOnly(host.resolve("a")))
            .mount("/two", Mount.copyOnWrite(other.getParent()))
            .create()) {
      assertThat(sandbox.files().readText("/one/file")).isEqualTo("from the host");
      sandbox.files().write("/two/x", "y");
      assertThat(sandbox.files().readText("/two/x")).isEqualTo("y");
    }
    assertThat(other).hasContent("x");
  }

  @Test
  void refuses_mounts_that_cannot_be() {
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(
            () -> Sandbox.builder().mount("/x", Mount.readOnly(host.resolve("no"))).create())
        .withMessageContaining(host.resolve("no").toString());
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(
            () ->
                Sandbox.builder()
                    .mount("/x", Mount.writable(host))
                    .mount("/y", Mount.copyOnWrite(host.resolve("d")))
                    .create())
        .withMessageContaining("cannot be combined");
  }
}
