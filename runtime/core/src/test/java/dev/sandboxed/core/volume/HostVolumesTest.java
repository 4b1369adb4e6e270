package dev.sandboxed.core.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.BackendUnavailableException;
import dev.sandboxed.FileStat.FileType;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.SandboxFileException;
import dev.sandboxed.Volume;
import dev.sandboxed.VolumeFile;
import dev.sandboxed.VolumeFiles;
import dev.sandboxed.VolumeInUseException;
import dev.sandboxed.VolumeInfo;
import dev.sandboxed.VolumeNotFoundException;
import dev.sandboxed.core.binaries.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostVolumesTest {
  private static final Volume PIP = Volume.named("pip");

  @TempDir private Path temp;
  private Path root;
  private VolumeStore store;
  private HostVolumes volumes;
  private VolumeFiles files;

  @BeforeEach
  void open() {
    root = temp.resolve("share/volumes");
    store = VolumeStore.of(Settings.of(Map.of("sandboxed.volumes", root.toString()), Map.of()));
    volumes = new HostVolumes(store);
    files = volumes.files(PIP);
  }

  @Test
  void a_volume_is_made_on_demand_and_kept_from_other_users() throws IOException {
    assertThat(volumes.list()).isEmpty();
    assertThat(root).doesNotExist();

    files.upload().text("1", "a").run();

    assertThat(volumes.list()).extracting(VolumeInfo::name).containsExactly("pip");
    assertThat(volumes.list().get(0).inUse()).isFalse();
    assertThat(volumes.list().get(0).created()).isBetween(Instant.EPOCH, Instant.now());
    assertThat(mode(root)).isEqualTo("rwx------");
    assertThat(mode(data())).isEqualTo("rwxr-xr-x");
    assertThat(new HostVolumes(store).files(PIP).readText("a")).isEqualTo("1");
  }

  @Test
  void many_can_make_the_same_volume_at_once() throws Exception {
    var pool = Executors.newFixedThreadPool(8);
    try {
      var uploads =
          IntStream.range(0, 32)
              .<Callable<Void>>mapToObj(
                  i ->
                      () -> {
                        new HostVolumes(store).files(PIP).upload().text("x", "f" + i).run();
                        return null;
                      })
              .toList();
      for (var upload : pool.invokeAll(uploads)) {
        upload.get();
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(files.list("/")).hasSize(32);
    assertThat(root.resolve("work")).isEmptyDirectory();
  }

  @Test
  void a_volume_that_is_not_there_is_named_with_those_that_are() {
    volumes.files(Volume.named("npm")).upload().text("1", "a").run();

    assertThatExceptionOfType(VolumeNotFoundException.class)
        .isThrownBy(() -> files.list("/"))
        .withMessageContaining("no volume \"pip\" (there are: npm)");
    assertThatExceptionOfType(VolumeNotFoundException.class)
        .isThrownBy(() -> volumes.remove("pip"));
  }

  @Test
  void a_place_for_volumes_that_does_not_fit_is_refused() throws IOException {
    var relative = VolumeStore.of(Settings.of(Map.of("sandboxed.volumes", "a/b"), Map.of()));
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> new HostVolumes(relative).list())
        .withMessageContaining("-Dsandboxed.volumes=/path");

    Files.createDirectories(root);
    Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> files.upload().text("1", "a").run())
        .withMessageContaining("chmod 700 " + root);
  }

  @Test
  void volumes_are_in_the_users_data_directory_unless_named() {
    var data = temp.resolve("data");
    var byDesktop = VolumeStore.of(Settings.of(Map.of(), Map.of("XDG_DATA_HOME", data.toString())));
    new HostVolumes(byDesktop).files(PIP).upload().text("1", "a").run();
    assertThat(data.resolve("sandboxed/volumes/named/pip/data/a")).hasContent("1");

    var byHome = VolumeStore.of(Settings.of(Map.of("user.home", temp.toString()), Map.of()));
    new HostVolumes(byHome).files(PIP).upload().text("2", "a").run();
    assertThat(temp.resolve(".local/share/sandboxed/volumes/named/pip/data/a")).hasContent("2");
  }

  @Test
  void uploads_files_and_trees_with_their_modes_times_and_links() throws IOException {
    var source = Files.createDirectories(temp.resolve("source/d/empty")).getParent().getParent();
    var time = FileTime.from(Instant.parse("2020-02-02T02:02:02Z"));
    Files.writeString(source.resolve("run"), "#!/bin/sh\n");
    Files.setPosixFilePermissions(
        source.resolve("run"), PosixFilePermissions.fromString("rwxr-x--x"));
    Files.createSymbolicLink(source.resolve("d/link"), Path.of("../run"));
    Files.setLastModifiedTime(source.resolve("run"), time);
    Files.setLastModifiedTime(source.resolve("d"), time);
    Files.setPosixFilePermissions(
        source.resolve("d"), PosixFilePermissions.fromString("r-xr-xr-x"));

    files
        .upload()
        .directory(source, "/tree/of")
        .file(source.resolve("run"), "copies/run")
        .bytes(new byte[] {1, 2}, "bytes")
        .run();

    assertThat(files.list(""))
        .extracting(VolumeFile::path)
        .containsExactly("bytes", "copies", "tree");
    var tree = data().resolve("tree/of");
    assertThat(tree.resolve("run")).hasContent("#!/bin/sh\n");
    assertThat(mode(tree.resolve("run"))).isEqualTo("rwxr-x--x");
    assertThat(mode(tree.resolve("d"))).isEqualTo("r-xr-xr-x");
    assertThat(Files.getLastModifiedTime(tree.resolve("run"))).isEqualTo(time);
    assertThat(Files.getLastModifiedTime(tree.resolve("d"))).isEqualTo(time);
    assertThat(Files.readSymbolicLink(tree.resolve("d/link"))).isEqualTo(Path.of("../run"));
    assertThat(tree.resolve("d/empty")).isEmptyDirectory();
    assertThat(files.readBytes("bytes")).containsExactly(1, 2);
    assertThat(root.resolve("work")).isEmptyDirectory();
    Files.setPosixFilePermissions(
        source.resolve("d"), PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @Test
  void an_upload_that_finds_files_changes_nothing_unless_forced() throws IOException {
    files.upload().text("old", "a").text("old", "d/b").text("old", "d/keep").run();
    var source = Files.createDirectory(temp.resolve("source"));
    Files.writeString(source.resolve("b"), "new");
    Files.writeString(source.resolve("c"), "new");

    assertThatExceptionOfType(SandboxFileException.AlreadyExists.class)
        .isThrownBy(() -> files.upload().text("new", "n").directory(source, "d").run())
        .withMessage(
            "Cannot upload d/b in the volume pip: d/b exists; add force() to replace what is"
                + " there");
    assertThatExceptionOfType(SandboxFileException.AlreadyExists.class)
        .isThrownBy(() -> files.upload().text("new", "a").directory(source, "d").run())
        .withMessageContaining("a exists, as do 1 more files");
    assertThat(files.exists("n")).isFalse();
    assertThat(files.exists("d/c")).isFalse();
    assertThat(files.readText("d/b")).isEqualTo("old");

    files.upload().text("new", "a").directory(source, "d").force().run();

    assertThat(files.readText("a")).isEqualTo("new");
    assertThat(files.readText("d/b")).isEqualTo("new");
    assertThat(files.readText("d/c")).isEqualTo("new");
    assertThat(files.readText("d/keep")).isEqualTo("old");
  }

  @Test
  void a_batch_may_not_hold_one_file_twice_unless_forced() {
    assertThatExceptionOfType(SandboxFileException.AlreadyExists.class)
        .isThrownBy(() -> files.upload().text("1", "a").text("2", "a").run());
    files.upload().text("1", "a").text("2", "a").force().run();
    assertThat(files.readText("a")).isEqualTo("2");
  }

  @Test
  void a_whole_directory_can_become_the_top_also_where_directories_of_its_names_are()
      throws IOException {
    var source = Files.createDirectory(temp.resolve("source"));
    var below = Files.createDirectory(source.resolve("d"));
    Files.writeString(below.resolve("a"), "1");
    files.upload().directory(source, "/").run();

    Files.delete(below.resolve("a"));
    Files.writeString(below.resolve("b"), "2");
    Files.setPosixFilePermissions(below, PosixFilePermissions.fromString("r-xr-xr-x"));
    files.upload().directory(source, "/").run();
    Files.setPosixFilePermissions(below, PosixFilePermissions.fromString("rwxr-xr-x"));

    assertThat(files.list("d")).extracting(VolumeFile::name).containsExactly("a", "b");
  }

  @Test
  void files_and_directories_do_not_replace_each_other() throws IOException {
    files.upload().text("1", "file").text("1", "directory/x").run();
    var source = Files.createDirectory(temp.resolve("source"));

    assertThatExceptionOfType(SandboxFileException.IsADirectory.class)
        .isThrownBy(() -> files.upload().text("2", "directory").force().run())
        .withMessageContaining("remove it first");
    assertThatExceptionOfType(SandboxFileException.NotADirectory.class)
        .isThrownBy(() -> files.upload().directory(source, "file").force().run());
    assertThatExceptionOfType(SandboxFileException.NotADirectory.class)
        .isThrownBy(() -> files.upload().text("2", "file/below").force().run())
        .withMessageContaining("file is not a directory");
    assertThat(files.readText("file")).isEqualTo("1");
  }

  @Test
  void what_cannot_be_uploaded_is_said_at_once() {
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(() -> files.upload().file(temp.resolve("no"), "a"))
        .withMessageContaining(temp.resolve("no") + " cannot be uploaded")
        .withMessageContaining("there is no such file");
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(() -> files.upload().file(temp, "a"))
        .withMessageContaining("use directory(...)");
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(() -> files.upload().text("x", "/"))
        .withMessageContaining("give the file's own path");
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(() -> files.upload().text("x", "a/../../b"))
        .withMessageContaining("climbs up");
    assertThatExceptionOfType(SandboxFileException.PermissionDenied.class)
        .isThrownBy(() -> volumes.files(PIP.readOnly()).upload().text("x", "a").run())
        .withMessageContaining("read-only");
  }

  @Test
  void lists_describes_and_reads() throws IOException {
    files.upload().text("text", "d/file").run();
    Files.createSymbolicLink(data().resolve("d/link"), Path.of("nowhere"));

    assertThat(files.list("/d"))
        .extracting(VolumeFile::path, VolumeFile::type)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("d/file", FileType.FILE),
            org.assertj.core.groups.Tuple.tuple("d/link", FileType.SYMLINK));
    assertThat(files.stat("d/file").size()).isEqualTo(4);
    assertThat(files.stat("/").type()).isEqualTo(FileType.DIRECTORY);
    assertThat(files.exists("d/link")).isTrue();
    assertThat(files.exists("d/file/below")).isFalse();
    try (var in = files.inputStream("d/file")) {
      assertThat(in).hasContent("text");
    }
    assertThatExceptionOfType(SandboxFileException.NotFound.class)
        .isThrownBy(() -> files.readText("d/none"))
        .withMessage("Cannot read d/none in the volume pip: it does not exist");
    assertThatExceptionOfType(SandboxFileException.IsADirectory.class)
        .isThrownBy(() -> files.readText("d"));
    assertThatExceptionOfType(SandboxFileException.NotADirectory.class)
        .isThrownBy(() -> files.list("d/file"));
  }

  @Test
  void a_part_of_a_volume_is_all_there_is() {
    var part = volumes.files(PIP.subPath("a").subPath("b/"));
    part.upload().text("1", "c/d").run();

    assertThat(files.readText("a/b/c/d")).isEqualTo("1");
    assertThat(part.list("c")).extracting(VolumeFile::path).containsExactly("c/d");
    assertThatExceptionOfType(InvalidSpecException.class).isThrownBy(() -> part.list("../.."));
    assertThatExceptionOfType(SandboxFileException.PermissionDenied.class)
        .isThrownBy(() -> part.removeRecursively("/"))
        .withMessageContaining("it is the top");
  }

  @Test
  void files_above_64_MiB_are_not_read_into_memory() throws IOException {
    files.upload().text("x", "large").run();
    try (var file = new java.io.RandomAccessFile(data().resolve("large").toFile(), "rw")) {
      file.setLength((64L << 20) + 1);
    }
    assertThatExceptionOfType(SandboxFileException.TooLarge.class)
        .isThrownBy(() -> files.readBytes("large"))
        .withMessageContaining("use inputStream");
  }

  @Test
  void names_may_hold_any_characters() throws IOException {
    files.upload().text("1", "ä/ö ü").run();
    assertThat(files.list("ä")).extracting(VolumeFile::name).containsExactly("ö ü");
    assertThat(files.readText("ä/ö ü")).isEqualTo("1");

    var latin = dev.sandboxed.core.tree.HostPaths.resolve(data(), "d\u00e9");
    Files.createDirectory(latin);
    assertThat(files.list("/")).extracting(VolumeFile::name).contains("d\ufffd");
  }

  @Test
  void no_link_is_followed_on_the_host() throws IOException {
    files.upload().text("1", "in/file").run();
    var outside = Files.createDirectory(temp.resolve("outside"));
    Files.writeString(outside.resolve("secret"), "secret");
    Files.createSymbolicLink(data().resolve("out"), outside);
    Files.createSymbolicLink(data().resolve("secret"), outside.resolve("secret"));
    Files.createSymbolicLink(data().resolve("dangling"), outside.resolve("planted"));
    Files.createSymbolicLink(data().resolve("in/top"), data());

    assertThatExceptionOfType(SandboxFileException.NotADirectory.class)
        .isThrownBy(() -> files.list("out"))
        .withMessageContaining("links in volumes are not followed");
    assertThatExceptionOfType(SandboxFileException.NotADirectory.class)
        .isThrownBy(() -> files.readText("out/secret"));
    assertThatExceptionOfType(SandboxFileException.PermissionDenied.class)
        .isThrownBy(() -> files.readText("secret"))
        .withMessageContaining("not a regular file");
    assertThatExceptionOfType(SandboxFileException.NotADirectory.class)
        .isThrownBy(() -> files.upload().text("x", "out/planted").force().run());
    assertThatExceptionOfType(SandboxFileException.NotADirectory.class)
        .isThrownBy(() -> volumes.mount(PIP.subPath("out")));
    assertThatExceptionOfType(SandboxFileException.NotADirectory.class)
        .isThrownBy(() -> files.remove("out/secret"));

    files.upload().text("x", "dangling").force().run();
    files.upload().text("mine", "secret").force().run();
    assertThat(files.readText("secret")).isEqualTo("mine");
    files.removeRecursively("out");
    files.removeRecursively("in");

    assertThat(outside.resolve("secret")).hasContent("secret");
    assertThat(outside.resolve("planted")).doesNotExist();
    assertThat(files.list("/")).extracting(VolumeFile::name).containsExactly("dangling", "secret");
  }

  @Test
  void removes_files_empty_directories_and_trees() throws IOException {
    files.upload().text("1", "d/e/f").text("1", "g").run();

    assertThatExceptionOfType(SandboxFileException.NotEmpty.class)
        .isThrownBy(() -> files.remove("d"))
        .withMessageContaining("use removeRecursively");
    files.remove("g");
    files.remove("d/e/f");
    files.remove("d/e");
    assertThat(files.list("d")).isEmpty();
    files.removeRecursively("d");
    assertThat(files.list("/")).isEmpty();
    assertThatExceptionOfType(SandboxFileException.NotFound.class)
        .isThrownBy(() -> files.remove("g"));
    assertThat(root.resolve("work")).isEmptyDirectory();
  }

  @Test
  void removes_trees_that_are_deep_wide_or_closed() throws IOException {
    files.upload().text("1", "top").run();
    try (var work = store.work()) {
      Walk.make(store.existing(PIP), Collections.nCopies(3_000, "deep"), work).close();
    }
    var wide = Files.createDirectory(data().resolve("wide"));
    for (var i = 0; i < 3_000; i++) {
      Files.createFile(wide.resolve("f" + i));
    }
    var closed = Files.createDirectories(data().resolve("closed/a/b"));
    Files.createFile(closed.resolve("c"));
    for (var directory : List.of("closed/a/b", "closed/a", "closed")) {
      Files.setPosixFilePermissions(
          data().resolve(directory), PosixFilePermissions.fromString("r-xr-xr-x"));
    }

    files.removeRecursively("deep");
    files.removeRecursively("wide");
    files.removeRecursively("closed");

    assertThat(files.list("/")).extracting(VolumeFile::name).containsExactly("top");
    assertThat(root.resolve("work")).isEmptyDirectory();
  }

  @Test
  void a_volume_goes_with_everything_in_it() throws IOException {
    files.upload().text("1", "a/b").run();
    var shut = Files.createDirectories(data().resolve("shut/in"));
    Files.setPosixFilePermissions(shut, PosixFilePermissions.fromString("---------"));
    Files.setPosixFilePermissions(shut.getParent(), PosixFilePermissions.fromString("---------"));

    volumes.remove("pip");

    assertThat(volumes.list()).isEmpty();
    assertThat(root.resolve("named")).isEmptyDirectory();
    assertThat(root.resolve("work")).isEmptyDirectory();
  }

  @Test
  void a_volume_that_is_used_stays() throws IOException {
    files.upload().text("1", "a").run();
    try (var hold = store.existing(PIP).tryHold().orElseThrow()) {
      assertThat(hold.channel().isOpen()).isTrue();
      assertThatExceptionOfType(VolumeInUseException.class)
          .isThrownBy(() -> volumes.remove("pip"))
          .withMessageContaining("a sandbox that has it runs");
    }
    volumes.remove("pip");
  }

  @Test
  void an_ephemeral_volume_goes_with_its_scope() {
    var scratch = volumes.createEphemeral();
    scratch.files().upload().text("1", "a").run();
    assertThat(volumes.files(scratch.volume()).readText("a")).isEqualTo("1");
    assertThat(volumes.list()).isEmpty();

    scratch.close();
    scratch.close();

    assertThat(root.resolve("ephemeral")).isEmptyDirectory();
    assertThat(root.resolve("work")).isEmptyDirectory();
    assertThatExceptionOfType(VolumeNotFoundException.class)
        .isThrownBy(() -> scratch.files().list("/"))
        .withMessageContaining("is closed");
    assertThatExceptionOfType(VolumeNotFoundException.class)
        .isThrownBy(() -> volumes.mount(scratch.volume()));
    assertThatExceptionOfType(VolumeNotFoundException.class)
        .isThrownBy(() -> scratch.files().upload().text("1", "a").run());
  }

  @Test
  void a_sweep_removes_what_killed_processes_left_and_nothing_else() throws IOException {
    files.upload().text("1", "a").run();
    var mine = volumes.createEphemeral();
    var lost = volumes.createEphemeral();
    var namespace = Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
    Files.writeString(
        root.resolve("ephemeral").resolve(lost.volume().name()).resolve("owner"),
        namespace + " 999999999 1");
    var left = Files.createDirectories(root.resolve("work/" + namespace + ",999999999,1,x/tree/d"));
    var unknown = Files.createDirectories(root.resolve("work/unknown/tree"));
    try (var busy = store.work()) {
      store.sweep();
      assertThat(busy.tree()).exists();
    }

    assertThat(left).doesNotExist();
    assertThat(unknown).exists();
    assertThat(mine.files().list("/")).isEmpty();
    assertThatExceptionOfType(VolumeNotFoundException.class)
        .isThrownBy(() -> lost.files().list("/"));
    assertThat(files.readText("a")).isEqualTo("1");
  }

  private Path data() {
    return root.resolve("named/pip/data");
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(
        Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS));
  }
}
