package dev.sandboxed.gvisor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.FileEvent;
import dev.sandboxed.FileStat;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFileException;
import dev.sandboxed.SandboxFiles;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class FilesTest {
  private static Sandbox sandbox;
  private static SandboxFiles files;
  private String at = "";

  @BeforeAll
  static void create() {
    sandbox = Sandbox.builder().workdir("/work").create();
    files = sandbox.files();
  }

  @AfterAll
  static void close() {
    sandbox.close();
  }

  @BeforeEach
  void directory(TestInfo test) {
    at = "/work/" + test.getTestMethod().orElseThrow().getName();
    files.makeDirectory(at);
  }

  @Test
  void writes_appends_and_reads_text_and_bytes() {
    files.write(at + "/a", "één\n");
    files.append(at + "/a", "two\n");
    assertThat(files.readText(at + "/a")).isEqualTo("één\ntwo\n");

    var bytes = new byte[5_000_000];
    new Random(3).nextBytes(bytes);
    files.write(at + "/b", bytes);
    assertThat(files.readBytes(at + "/b")).isEqualTo(bytes);
    files.write(at + "/b", new byte[0]);
    assertThat(files.readBytes(at + "/b")).isEmpty();
    files.append(at + "/new", "x");
    assertThat(files.readText(at + "/new")).isEqualTo("x");
  }

  @Test
  void starts_relative_paths_at_the_working_directory() {
    files.write("starts_relative_paths_at_the_working_directory/a", "1");
    assertThat(sandbox.exec("cat", at + "/a").await().stdout()).isEqualTo("1");
  }

  @Test
  void streams_both_ways() throws IOException {
    var chunk = new byte[70_000];
    try (var out = files.outputStream(at + "/big")) {
      for (var i = 0; i < 50; i++) {
        chunk[0] = (byte) i;
        out.write(chunk);
      }
    }
    try (var in = files.inputStream(at + "/big")) {
      for (var i = 0; i < 50; i++) {
        chunk[0] = (byte) i;
        assertThat(in.readNBytes(chunk.length)).isEqualTo(chunk);
      }
      assertThat(in.read()).isEqualTo(-1);
    }
    try (var in = files.inputStream(at + "/big")) {
      assertThat(in.read()).isZero();
    }
  }

  @Test
  void describes_files_and_links_themselves() {
    sandbox
        .exec(
            "sh",
            "-c",
            "echo hello > f; chmod 4751 f; chown 12:34 f; touch -d @1000000000.5 f; ln -s f l;"
                + " mkdir d; mkfifo p")
        .workdir(at)
        .await();

    var file = files.stat(at + "/f");
    assertThat(file.name()).isEqualTo("f");
    assertThat(file.path()).isEqualTo(at + "/f");
    assertThat(file.type()).isEqualTo(FileStat.FileType.FILE);
    assertThat(file.size()).isEqualTo(6);
    assertThat(file.mode() & 0777).isEqualTo(0751);
    assertThat(file.uid()).isEqualTo(12);
    assertThat(file.gid()).isEqualTo(34);
    assertThat(file.modified()).isEqualTo(Instant.ofEpochSecond(1_000_000_000, 500_000_000));
    assertThat(files.stat(at + "/l").linkTarget()).contains("f");
    assertThat(files.list(at))
        .extracting(FileStat::name, FileStat::type)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("d", FileStat.FileType.DIRECTORY),
            org.assertj.core.groups.Tuple.tuple("f", FileStat.FileType.FILE),
            org.assertj.core.groups.Tuple.tuple("l", FileStat.FileType.SYMLINK),
            org.assertj.core.groups.Tuple.tuple("p", FileStat.FileType.FIFO));
    assertThat(files.stat("/etc/passwd").user()).contains("root");
  }

  @Test
  void lists_large_directories() {
    sandbox.exec("sh", "-c", "for i in $(seq 3000); do : > f$i; done").workdir(at).await();

    assertThat(files.list(at)).hasSize(3000);
  }

  @Test
  void makes_and_removes_directories() {
    files.makeDirectories(at + "/a/b/c");
    files.makeDirectories(at + "/a/b/c");
    assertThat(files.exists(at + "/a/b/c")).isTrue();
    files.write(at + "/a/b/f", "x");
    assertThatExceptionOfType(SandboxFileException.NotEmpty.class)
        .isThrownBy(() -> files.remove(at + "/a/b"))
        .withMessageContaining(at + "/a/b")
        .withMessageContaining("removeRecursively");
    files.removeRecursively(at + "/a");
    assertThat(files.exists(at + "/a")).isFalse();
  }

  @Test
  void removes_links_and_not_what_they_point_to() {
    sandbox.exec("sh", "-c", "mkdir d; echo x > d/f; ln -s d l").workdir(at).await();
    files.removeRecursively(at + "/l");
    assertThat(files.exists(at + "/d/f")).isTrue();
    sandbox.exec("ln", "-s", "nowhere", at + "/dangling").await();
    assertThat(files.exists(at + "/dangling")).isTrue();
  }

  @Test
  void throws_typed_errors_that_name_the_path() {
    files.write(at + "/f", "x");
    assertThatExceptionOfType(SandboxFileException.NotFound.class)
        .isThrownBy(() -> files.readText(at + "/none"))
        .satisfies(e -> assertThat(e.path()).isEqualTo(at + "/none"))
        .withMessageContaining(at + "/none");
    assertThatExceptionOfType(SandboxFileException.NotFound.class)
        .isThrownBy(() -> files.inputStream(at + "/none"));
    assertThatExceptionOfType(SandboxFileException.NotFound.class)
        .isThrownBy(() -> files.outputStream(at + "/none/f"));
    assertThatExceptionOfType(SandboxFileException.NotFound.class)
        .isThrownBy(() -> files.write(at + "/none/f", "x"));
    assertThatExceptionOfType(SandboxFileException.AlreadyExists.class)
        .isThrownBy(() -> files.makeDirectory(at + "/f"));
    assertThatExceptionOfType(SandboxFileException.NotADirectory.class)
        .isThrownBy(() -> files.list(at + "/f"));
    assertThatExceptionOfType(SandboxFileException.NotADirectory.class)
        .isThrownBy(() -> files.readText(at + "/f/below"));
    assertThatExceptionOfType(SandboxFileException.IsADirectory.class)
        .isThrownBy(() -> files.readText(at));
    assertThatExceptionOfType(SandboxFileException.IsADirectory.class)
        .isThrownBy(() -> files.write(at, "x"));
    assertThatExceptionOfType(SandboxFileException.PermissionDenied.class)
        .isThrownBy(() -> files.write("/.sandboxed/x", "x"));
    assertThatExceptionOfType(SandboxFileException.NotFound.class)
        .isThrownBy(() -> files.remove(at + "/none"));
  }

  @Test
  void refuses_to_read_too_much_into_memory() {
    sandbox.exec("truncate", "-s", "65M", at + "/huge").await();

    assertThatExceptionOfType(SandboxFileException.TooLarge.class)
        .isThrownBy(() -> files.readBytes(at + "/huge"))
        .withMessageContaining("inputStream");
  }

  @Test
  void reads_and_writes_without_waiting() {
    var bytes = new byte[2_000_000];
    files.writeAsync(at + "/a", bytes).join();
    assertThat(files.readBytesAsync(at + "/a").join()).hasSize(bytes.length);
    var endless = files.readBytesAsync("/dev/zero");
    endless.cancel(true);
    assertThat(files.exists(at)).isTrue();
  }

  @Test
  void reports_changes_to_a_watch() {
    var events = new ConcurrentLinkedQueue<FileEvent>();
    try (var watch = files.watch(at, true, events::add)) {
      assertThat(watch).isNotNull();
      files.write(at + "/a", "x");
      await()
          .atMost(Duration.ofSeconds(10))
          .until(() -> events.contains(new FileEvent(FileEvent.Kind.CREATED, at + "/a")));
      files.makeDirectories(at + "/d/e");
      files.write(at + "/d/e/f", "x");
      await().until(() -> events.stream().anyMatch(e -> e.path().equals(at + "/d/e/f")));
      files.remove(at + "/a");
      await().until(() -> events.contains(new FileEvent(FileEvent.Kind.DELETED, at + "/a")));
    }
    events.clear();
    files.write(at + "/late", "x");
    assertThat(events).isEmpty();
    assertThatExceptionOfType(SandboxFileException.NotFound.class)
        .isThrownBy(() -> files.watch(at + "/none", false, events::add));
  }

  @Test
  void keeps_names_that_are_odd() {
    var name = at + "/ä ö\n'\"";
    files.write(name, "x");
    assertThat(files.list(at)).extracting(FileStat::path).containsExactly(name);
    assertThat(new String(files.readBytes(name), UTF_8)).isEqualTo("x");
  }
}
