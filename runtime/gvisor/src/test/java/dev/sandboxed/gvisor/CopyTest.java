package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class CopyTest {
  private static Sandbox sandbox;

  @TempDir private Path host;

  @BeforeAll
  static void create() {
    sandbox = Sandbox.create();
  }

  @AfterAll
  static void close() {
    sandbox.close();
  }

  @Test
  void copies_a_tree_in_and_out_with_modes_links_and_times() throws IOException {
    var tree = Files.createDirectories(host.resolve("tree/sub"));
    var script = Files.writeString(tree.resolve("run.sh"), "#!/bin/sh\necho ran\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-x--x"));
    var time = FileTime.from(Instant.ofEpochSecond(1_234_567_890, 123_456_789));
    Files.setLastModifiedTime(script, time);
    Files.createSymbolicLink(host.resolve("tree/link"), Path.of("sub/run.sh"));
    Files.createLink(host.resolve("tree/hard"), script);

    sandbox.files().copyIn(host.resolve("tree"), "/in/tree");
    assertThat(sandbox.exec("/in/tree/link").await().stdout()).isEqualTo("ran\n");
    assertThat(sandbox.exec("stat", "-c", "%a %h %Y", "/in/tree/sub/run.sh").await().stdout())
        .isEqualTo("751 2 1234567890\n");
    sandbox.files().copyOut("/in/tree", host.resolve("out"));

    var back = host.resolve("out/sub/run.sh");
    assertThat(Files.getLastModifiedTime(back)).isEqualTo(time);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(back)))
        .isEqualTo("rwxr-x--x");
    assertThat(Files.readSymbolicLink(host.resolve("out/link"))).hasToString("sub/run.sh");
    assertThat(Files.isSameFile(back, host.resolve("out/hard"))).isTrue();
  }

  @Test
  void copies_a_file_under_its_new_name() throws IOException {
    var file = Files.writeString(host.resolve("a"), "hello");
    sandbox.files().copyIn(file, "/made/on/the/way/b");
    assertThat(sandbox.files().readText("/made/on/the/way/b")).isEqualTo("hello");
    Files.writeString(file, "changed");
    sandbox.files().copyIn(file, "/made/on/the/way/b");
    sandbox.files().copyOut("/made/on/the/way/b", host.resolve("c"));
    assertThat(host.resolve("c")).hasContent("changed");
  }

  @Test
  void merges_into_an_existing_directory() throws IOException {
    sandbox.files().makeDirectories("/merge");
    sandbox.files().write("/merge/old", "old");
    Files.writeString(Files.createDirectory(host.resolve("t")).resolve("new"), "new");

    sandbox.files().copyIn(host.resolve("t"), "/merge");

    assertThat(sandbox.exec("ls", "/merge").await().stdout()).isEqualTo("new\nold\n");
  }

  @Test
  void copies_large_files() throws IOException {
    var bytes = new byte[40 << 20];
    new java.util.Random(5).nextBytes(bytes);
    var file = Files.write(host.resolve("big"), bytes);

    sandbox.files().copyIn(file, "/tmp/big");
    sandbox.files().copyOut("/tmp/big", host.resolve("big.out"));

    assertThat(Files.mismatch(file, host.resolve("big.out"))).isEqualTo(-1);
    sandbox.files().remove("/tmp/big");
  }

  @Test
  void refuses_what_cannot_be_copied_before_anything_is_written() throws IOException {
    var target = Files.createDirectory(host.resolve("there"));
    assertThatExceptionOfType(SandboxFileException.AlreadyExists.class)
        .isThrownBy(() -> sandbox.files().copyOut("/etc", target))
        .withMessageContaining(target.toString());
    assertThatExceptionOfType(SandboxFileException.NotFound.class)
        .isThrownBy(() -> sandbox.files().copyOut("/none", host.resolve("x")))
        .withMessageContaining("/none");
    assertThatExceptionOfType(SandboxException.class)
        .isThrownBy(() -> sandbox.files().copyOut("/etc", host.resolve("no/parent")))
        .withMessageContaining("no");
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(() -> sandbox.files().copyIn(host.resolve("none"), "/x"))
        .withMessageContaining("none");
    assertThat(names()).containsExactly("there");
  }

  @Test
  void leaves_devices_inside_and_never_follows_links_on_the_host() throws IOException {
    sandbox
        .exec("sh", "-c", "mkdir -p /odd && cd /odd && mknod dev c 1 3; ln -s /etc abs; echo x > f")
        .await();

    sandbox.files().copyOut("/odd", host.resolve("odd"));

    assertThat(host.resolve("odd/f")).hasContent("x\n");
    assertThat(Files.exists(host.resolve("odd/dev"), LinkOption.NOFOLLOW_LINKS)).isFalse();
    assertThat(Files.readSymbolicLink(host.resolve("odd/abs"))).hasToString("/etc");
  }

  @Test
  void leaves_nothing_of_a_copy_that_is_cancelled() throws IOException {
    sandbox.exec("truncate", "-s", "100G", "/root/sparse").await();
    sandbox.exec("sh", "-c", "mkdir -p /endless && ln /root/sparse /endless/a").await();

    var copy = sandbox.files().copyOutAsync("/endless", host.resolve("out"));
    await().until(() -> !names().isEmpty());
    copy.cancel(true);

    await().until(() -> names().isEmpty());
    assertThat(sandbox.exec("true").await().isSuccess()).isTrue();
  }

  private java.util.List<String> names() throws IOException {
    try (Stream<Path> all = Files.list(host)) {
      return all.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }
}
