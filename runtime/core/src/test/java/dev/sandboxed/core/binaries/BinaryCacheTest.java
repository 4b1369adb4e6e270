package dev.sandboxed.core.binaries;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.BackendUnavailableException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BinaryCacheTest {
  private static final byte[] SCRIPT = "#!/bin/sh\necho hello\n".getBytes(UTF_8);

  @TempDir Path temp;
  private Path root;
  private BinaryCache cache;

  @BeforeEach
  void makeCache() {
    root = temp.resolve("cache");
    cache = new BinaryCache(new CacheRoot(root));
  }

  @Test
  void unpacks_to_a_directory_named_by_the_digest() throws Exception {
    Path file = cache.path(program(SCRIPT));

    assertThat(file)
        .isEqualTo(root.resolve("bin").resolve(BundledPrograms.sha256(SCRIPT)).resolve("tool"))
        .hasBinaryContent(SCRIPT);
    assertThat(mode(file)).isEqualTo("r-xr-xr-x");
    assertThat(mode(root)).isEqualTo("rwx------");
    assertThat(mode(file.getParent())).isEqualTo("rwx------");
    assertThat(run(file)).isEqualTo("hello\n");
  }

  @Test
  void uses_what_is_there_without_writing_it_again() throws Exception {
    Path file = cache.path(program(SCRIPT));
    UnixStat before = UnixStat.of(file);

    assertThat(new BinaryCache(new CacheRoot(root)).path(program(SCRIPT))).isEqualTo(file);

    assertThat(UnixStat.of(file)).isEqualTo(before);
  }

  /** What one has begun to use is not replaced by the same that another unpacks at that moment. */
  @Test
  void unpacks_once_for_all_that_ask_at_the_same_time() throws Exception {
    var program = program(new byte[16 << 20]);
    var executor = Executors.newFixedThreadPool(8);
    try {
      var found = new HashSet<Object>();
      for (var one : executor.invokeAll(Collections.nCopies(8, () -> unpacked(program)))) {
        found.add(one.get());
      }
      assertThat(found).hasSize(1);
    } finally {
      executor.shutdown();
    }
  }

  private Object unpacked(BundledBinary program) {
    var file = new BinaryCache(new CacheRoot(root)).path(program);
    try {
      return Files.getAttribute(file, "unix:ino");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void leaves_no_temporary_file() throws Exception {
    Path file = cache.path(program(SCRIPT));

    assertThat(names(file.getParent())).containsExactlyInAnyOrder("tool", "tool.verified");
  }

  @Test
  void repairs_a_truncated_entry() throws Exception {
    Path file = cache.path(program(SCRIPT));
    overwrite(file, "#!/bin/sh\n");

    assertThat(cache.path(program(SCRIPT))).hasBinaryContent(SCRIPT);
  }

  @Test
  void repairs_an_entry_changed_in_place_with_size_and_modification_time_kept() throws Exception {
    Path file = cache.path(program(SCRIPT));
    FileTime modified = Files.getLastModifiedTime(file);
    overwrite(file, "#!/bin/sh\necho howdy\n");
    Files.setLastModifiedTime(file, modified);

    assertThat(cache.path(program(SCRIPT))).hasBinaryContent(SCRIPT);
  }

  @Test
  void repairs_an_entry_with_another_mode() throws Exception {
    Path file = cache.path(program(SCRIPT));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxrwxrwx"));

    assertThat(mode(cache.path(program(SCRIPT)))).isEqualTo("r-xr-xr-x");
  }

  @Test
  void replaces_a_link_put_in_the_place_of_an_entry() throws Exception {
    Path file = cache.path(program(SCRIPT));
    Path other = Files.write(temp.resolve("other"), SCRIPT);
    Files.delete(file);
    Files.createSymbolicLink(file, other);

    assertThat(cache.path(program(SCRIPT))).isRegularFile();
    assertThat(Files.isSymbolicLink(file)).isFalse();
  }

  @Test
  void trusts_an_intact_file_whose_stamp_is_lost_after_reading_it() throws Exception {
    Path file = cache.path(program(SCRIPT));
    UnixStat before = UnixStat.of(file);
    Files.delete(file.resolveSibling("tool.verified"));

    cache.path(program(SCRIPT));

    assertThat(UnixStat.of(file)).isEqualTo(before);
    assertThat(file.resolveSibling("tool.verified")).exists();
  }

  @Test
  void verify_finds_a_change_that_the_stamp_does_not_show() throws Exception {
    Path file = cache.path(program(SCRIPT));
    overwrite(file, "#!/bin/sh\necho howdy\n");
    UnixStat stat = UnixStat.of(file);
    Path stamp = file.resolveSibling("tool.verified");
    // It is read-only, which stops everybody but root.
    Files.delete(stamp);
    Files.writeString(
        stamp,
        "1 %d %d %d %d %d"
            .formatted(stat.device(), stat.inode(), stat.size(), stat.modified(), stat.changed()));

    assertThat(cache.verify(program(SCRIPT))).isFalse();

    assertThat(file).hasBinaryContent(SCRIPT);
    assertThat(cache.verify(program(SCRIPT))).isTrue();
  }

  @Test
  void refuses_a_resource_whose_digest_differs() throws Exception {
    String promised = BundledPrograms.sha256("something else".getBytes(UTF_8));
    Path jar = BundledPrograms.jar(temp, Platform.LINUX_X86_64, "tool", SCRIPT, promised);

    assertThatThrownBy(() -> cache.path(BundledPrograms.find("tool", jar)))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessage(
            "The bundled tool in jar:"
                + jar.toUri().toURL()
                + "!/META-INF/sandboxed/linux-x86_64/tool is damaged: its SHA-256 is "
                + BundledPrograms.sha256(SCRIPT)
                + " where "
                + promised
                + " was expected; delete that file from the local Maven repository, so that it is"
                + " fetched again.");
    assertThat(names(root.resolve("bin").resolve(promised))).isEmpty();
  }

  @Test
  void refuses_a_jar_that_is_cut_short() throws Exception {
    byte[] large = new byte[1 << 20];
    new Random(7).nextBytes(large);
    Path jar = BundledPrograms.jar(temp, Platform.LINUX_X86_64, "tool", large);
    BundledBinary binary = BundledPrograms.find("tool", jar);
    byte[] bytes = Files.readAllBytes(jar);
    bytes[bytes.length / 2] ^= 1;
    Files.write(jar, bytes);

    assertThatThrownBy(() -> cache.path(binary))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessageContaining("bundled tool")
        .hasMessageContaining("delete that file from the local Maven repository");
  }

  @Test
  void sweeps_what_a_process_that_ended_left_behind() throws Exception {
    Path old = Files.createDirectories(root.resolve("bin/" + "0".repeat(64)));
    Path abandoned = Files.writeString(old.resolve(".tool.1234.tmp"), "half");

    cache.path(program(SCRIPT));

    assertThat(abandoned).doesNotExist();
  }

  @Test
  void leaves_a_complete_file_the_time_to_be_renamed() throws Exception {
    Path directory = Files.createDirectories(root.resolve("bin/" + "0".repeat(64)));
    Path complete = Files.writeString(directory.resolve(".tool.1-2.tmp"), "whole");
    Files.setPosixFilePermissions(complete, PosixFilePermissions.fromString("r-xr-xr-x"));

    cache.path(program(SCRIPT));
    assertThat(complete).exists();

    Files.setLastModifiedTime(complete, FileTime.from(Instant.now().minusSeconds(3600)));
    new BinaryCache(new CacheRoot(root)).path(program(SCRIPT));
    assertThat(complete).doesNotExist();
  }

  @Test
  void leaves_the_file_of_a_living_writer_alone() throws Exception {
    Path directory = Files.createDirectories(root.resolve("bin/" + "0".repeat(64)));
    try (TemporaryFiles.Writer writer = TemporaryFiles.create(directory.resolve("tool"))) {
      Files.setLastModifiedTime(writer.path(), FileTime.from(Instant.now().minusSeconds(3600)));

      cache.path(program(SCRIPT));

      assertThat(writer.path()).exists();
    }
  }

  @Test
  void refuses_a_directory_that_others_can_write_to() throws Exception {
    Files.createDirectories(root);
    Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxrwxrwx"));

    assertThatThrownBy(() -> cache.path(program(SCRIPT)))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessage(
            "The cache directory "
                + root
                + " has mode 777, so other users could change the programs in it; run: chmod 700 "
                + root);
  }

  @Test
  void says_when_a_file_is_in_the_way_of_the_directory() throws Exception {
    Files.writeString(root, "");

    assertThatThrownBy(() -> cache.path(program(SCRIPT)))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessage(
            "Cannot write to the cache at "
                + root
                + ": a file is in the way; remove it, or name another directory with"
                + " -Dsandboxed.cache=/path or SANDBOXED_CACHE=/path.");
  }

  @Test
  void many_processes_at_once_all_get_the_whole_program() throws Exception {
    byte[] content = new byte[8 << 20];
    new Random(42).nextBytes(content);
    Path jar = BundledPrograms.jar(temp, Platform.LINUX_X86_64, "tool", content);
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      processes.add(unpackInAnotherJvm(jar));
    }

    for (Process process : processes) {
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(output).isEqualTo(BundledPrograms.sha256(content) + "\n");
      assertThat(process.exitValue()).isZero();
    }
    Path directory = root.resolve("bin").resolve(BundledPrograms.sha256(content));
    assertThat(names(directory)).containsExactlyInAnyOrder("tool", "tool.verified");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          size=6m | No space left on device (
          size=6m | free some space (about 200 MB are needed), or name another directory with -D
          ro      | Read-only file system; make the directory writable for this user, or name
          noexec  | its file system is probably mounted noexec; remount it with exec, or name
          """)
  void says_what_is_wrong_with_the_file_system(String mountOptions, String message)
      throws Exception {
    byte[] content = new byte[8 << 20];
    new Random(42).nextBytes(content);
    Path jar = BundledPrograms.jar(temp, Platform.LINUX_X86_64, "tool", content);
    Files.createDirectory(root);
    List<String> command = new ArrayList<>();
    command.addAll(List.of("unshare", "--user", "--map-root-user", "--mount", "sh", "-ec"));
    command.add("mount -t tmpfs -o mode=700,\"$1\" tmpfs \"$0\"; shift; exec \"$@\"");
    command.addAll(List.of(root.toString(), mountOptions));
    command.addAll(unpackCommand(jar));

    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();

    assertThat(new String(process.getInputStream().readAllBytes(), UTF_8)).contains(message);
  }

  private Process unpackInAnotherJvm(Path jar) throws IOException {
    return new ProcessBuilder(unpackCommand(jar)).redirectErrorStream(true).start();
  }

  private List<String> unpackCommand(Path jar) {
    String classPath =
        Stream.of(BinaryCache.class, UnpackProgram.class)
            .map(type -> type.getProtectionDomain().getCodeSource().getLocation().getPath())
            .reduce((a, b) -> a + ":" + b)
            .orElseThrow();
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        classPath,
        UnpackProgram.class.getName(),
        root.toString(),
        jar.toString());
  }

  private BundledBinary program(byte[] content) {
    return BundledPrograms.find(
        "tool", BundledPrograms.jar(temp, Platform.LINUX_X86_64, "tool", content));
  }

  private static void overwrite(Path file, String content) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.writeString(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r-xr-xr-x"));
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  private static String run(Path program) throws IOException {
    Process process = new ProcessBuilder(program.toString()).start();
    return new String(process.getInputStream().readAllBytes(), UTF_8);
  }
}
