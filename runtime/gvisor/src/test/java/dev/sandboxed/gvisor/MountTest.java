package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.ByteSize;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Mount;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFileException;
import java.io.IOException;
import java.io.UncheckedIOException;
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
  void keeps_a_read_only_mount_so_whatever_root_inside_does() {
    try (var sandbox =
        Sandbox.builder()
            .mount("/in", Mount.readOnly(host))
            .mount("/copy", Mount.copyOnWrite(host))
            .mount("/out", Mount.writable(host.resolve("d")))
            .create()) {
      var script =
          """
          for at in /in /copy; do
            mount -o remount,rw $at; mount -o remount,rw,bind $at; mount --bind $at /mnt
            mount -o remount,rw,bind /mnt; echo x > /mnt/a; umount /mnt; umount $at; echo x > $at/a
            echo x > $at/b; mknod $at/c c 1 3; chmod 777 $at; ln /out $at/e
          done
          """;
      sandbox.exec("sh", "-c", script).await();
    }
    assertThat(host.resolve("a")).hasContent("from the host");
    try (var left = Files.list(host)) {
      assertThat(left).hasSize(2);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
  }

  @Test
  void combines_copies_with_writable_and_read_only_mounts_also_within_each_other()
      throws IOException {
    var out = Files.createDirectory(host.resolve("d/out"));
    var single = host.resolve("a");
    try (var sandbox =
        Sandbox.builder()
            .mount("/work", Mount.copyOnWrite(host))
            .mount("/work/out", Mount.writable(out))
            .mount("/work/out/in", Mount.readOnly(host))
            .mount("/again", Mount.readOnly(host))
            .mount("/single", Mount.copyOnWrite(single))
            .workdir("/work")
            .create()) {
      var result =
          sandbox
              .exec(
                  "sh",
                  "-c",
                  "cat a; echo changed > a; rm -r d; echo new > b; echo kept > out/result;"
                      + " echo changed > /single; cat a /single out/in/a; ls -d /.sandboxed*;"
                      + " stat -c %a:%u:%g /work; touch out/in/x 2>&1 | tail -c 22")
              .await();
      assertThat(result.stdout())
          .isEqualTo(
              "from the hostchanged\nchanged\nfrom the host/.sandboxed\n700:0:0\n"
                  + "Read-only file system\n");
      assertThat(result.stderr()).isEmpty();
    }
    assertThat(single).hasContent("from the host");
    assertThat(out.resolve("result")).hasContent("kept\n");
    assertThat(host.resolve("b")).doesNotExist();
    try (var left = Files.list(host)) {
      assertThat(left).hasSize(2);
    }
  }

  @Test
  void bounds_the_changes_of_copies_that_are_combined_with_writable_mounts() {
    try (var sandbox =
        Sandbox.builder()
            .disk(ByteSize.parse("32m"))
            .mount("/work", Mount.copyOnWrite(host))
            .mount("/out", Mount.writable(host.resolve("d")))
            .create()) {
      assertThatExceptionOfType(SandboxFileException.NoSpace.class)
          .isThrownBy(() -> sandbox.files().write("/work/large", new byte[40 << 20]));
      sandbox.files().remove("/work/large");
      sandbox.files().write("/work/small", new byte[1 << 20]);
    }
    assertThat(host.resolve("small")).doesNotExist();
  }
}
