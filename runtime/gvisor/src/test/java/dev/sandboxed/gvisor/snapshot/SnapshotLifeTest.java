package dev.sandboxed.gvisor.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.Image;
import dev.sandboxed.ImageException;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Mount;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.SandboxProcess;
import dev.sandboxed.Secret;
import dev.sandboxed.Volume;
import dev.sandboxed.core.binaries.CacheRoot;
import dev.sandboxed.core.binaries.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How snapshots are taken and found, what is not in them, and when they are over. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class SnapshotLifeTest {
  /** After that, the store forgets what tests have left. */
  private static final Duration LIFE = Duration.ofHours(1);

  @TempDir private Path directory = Path.of("");

  @Test
  void anotherHandleTakesOneAndAnotherProcessFindsItByItsId() {
    try (var sandbox = Sandbox.builder().create()) {
      sandbox.files().write("/work/file", "text");
      String id;
      try (var other = Sandbox.fromId(sandbox.id())) {
        id = other.snapshotFilesystem(LIFE).id();
      }
      try (var copy = Sandbox.builder().image(Image.snapshot(id)).create();
          var again = Sandbox.fromId(copy.id())) {
        assertThat(copy.files().readText("/work/file")).isEqualTo("text");
        assertThat(again.spec().image()).isEqualTo(Image.snapshot(id));
      }
    }
  }

  @Test
  void whatTheImageSaysHoldsAndWhatTheSandboxWasGivenDoesNot() throws Exception {
    var image = Image.host().env("FROM_IMAGE", "yes").workdir("/srv/site");
    var secret = "a-token-that-nobody-may-see";
    Image.SnapshotImage snapshot;
    try (var sandbox =
        Sandbox.builder()
            .image(image)
            .env("FROM_SPEC", "given")
            .secret(Secret.of("TOKEN", secret))
            .create()) {
      snapshot = sandbox.snapshotFilesystem();
    }
    try (var copy = Sandbox.builder().image(snapshot).create()) {
      var result = copy.exec("sh", "-c", "echo $FROM_IMAGE-$FROM_SPEC-$TOKEN; pwd").await();
      assertThat(result.stdout()).isEqualTo("yes--\n/srv/site\n");
    }
    assertThat(Files.readString(record(snapshot))).doesNotContain(secret).contains("FROM_IMAGE");
    // Without a time to live it would stay for good.
    Files.delete(record(snapshot));
  }

  @Test
  void mountsVolumesTemporaryFilesAndFilesOfTheNetworkAreNotInIt() throws Exception {
    Files.writeString(directory.resolve("host"), "host");
    try (var scope = Volume.ephemeral();
        var sandbox =
            Sandbox.builder()
                .mount("/mounted", Mount.copyOnWrite(directory))
                .volume("/volume", scope.volume())
                .network(NetworkPolicy.allow("example.org"))
                .create()) {
      run(
          sandbox,
          "echo 1 > /mounted/new; echo 2 > /volume/new; echo 3 > /tmp/new; echo 4 > /dev/shm/new;"
              + " echo 5 >> /etc/hosts; echo 6 > /kept");
      try (var copy = Sandbox.builder().image(sandbox.snapshotFilesystem(LIFE)).create()) {
        run(copy, "cat /kept; ! ls /mounted/* /volume/* /tmp/* /dev/shm/* 2>&-");
        assertThat(copy.exec("cat", "/etc/hosts").await().stdout()).doesNotContain("5");
      }
    }
  }

  /** What is below the host's tools cannot be changed, so that nothing of it can be lost. */
  @Test
  void theHostsToolsTakeNoChanges() {
    try (var sandbox = Sandbox.builder().mount("/m", Mount.copyOnWrite(directory)).create()) {
      var result = sandbox.exec("sh", "-c", "echo > /usr/bin/new").await();

      assertThat(result.exitCode()).isNotZero();
      assertThat(result.stderr()).contains("Read-only file system");
    }
  }

  @Test
  void anEndedSandboxGivesNone() {
    var sandbox = Sandbox.builder().create();
    sandbox.close();

    assertThatThrownBy(sandbox::snapshotFilesystem)
        .isInstanceOf(SandboxNotRunningException.class)
        .hasMessageContaining(sandbox.id());
    try (var ended = Sandbox.fromId(sandbox.id())) {
      assertThatThrownBy(ended::snapshotFilesystem).isInstanceOf(SandboxNotRunningException.class);
    }
  }

  @Test
  void aSnapshotWhoseTimeIsOverIsAnErrorThatNamesIt() {
    try (var sandbox = Sandbox.builder().create()) {
      var snapshot = sandbox.snapshotFilesystem(Duration.ofNanos(1));

      assertThatThrownBy(() -> Sandbox.builder().image(snapshot).create())
          .isInstanceOf(ImageException.class)
          .hasMessageContaining(snapshot.id())
          .hasMessageContaining("time to live");
      assertThatThrownBy(() -> sandbox.snapshotFilesystem(Duration.ZERO))
          .isInstanceOf(InvalidSpecException.class)
          .hasMessageContaining("PT0S");
    }
    assertThatThrownBy(() -> Image.snapshot("../../etc/passwd"))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining("\"../../etc/passwd\"");
  }

  @Test
  void severalAtOnceAreAllTaken() {
    try (var sandbox = Sandbox.builder().create()) {
      sandbox.files().write("/work/file", "text");
      List<CompletableFuture<Image.SnapshotImage>> all =
          Stream.generate(() -> sandbox.snapshotFilesystemAsync(LIFE)).limit(4).toList();

      assertThat(all.stream().map(CompletableFuture::join).distinct())
          .as("nothing changed between them")
          .hasSize(1);
      assertThat(sandbox.exec("cat", "/work/file").await().stdout()).isEqualTo("text");
    }
  }

  /**
   * Each write of the programs is one system call, and each rename takes a file from one directory
   * to the other: at any moment all bytes of a file are alike, and the moving one is in one place.
   */
  @Test
  void programsThatWriteGoOnAndNoFileIsTorn() throws Exception {
    try (var sandbox = Sandbox.builder().create()) {
      run(sandbox, "mkdir -p /data/a /data/b; echo > /data/a/moving");
      var writers = Stream.of("w1", "w2", "mover").map(name -> writer(sandbox, name)).toList();
      for (var writer : writers) {
        assertThat(writer.stdout().stream().read()).isEqualTo('1');
      }
      for (var i = 0; i < 3; i++) {
        try (var copy = Sandbox.builder().image(sandbox.snapshotFilesystem(LIFE)).create()) {
          run(copy, "[ $(ls /data/a /data/b | grep -c moving) = 1 ]");
          for (var name : List.of("w1", "w2")) {
            var kinds =
                copy.exec("sh", "-c", "fold -b -w 1 < /data/" + name + " | sort -u").await();
            assertThat(kinds.stdout().strip()).as(name).hasSize(1);
          }
        }
      }
      sandbox.files().write("/data/stop", "");
      for (var writer : writers) {
        assertThat(writer.waitFor().code()).isZero();
      }
    }
  }

  private static SandboxProcess writer(Sandbox sandbox, String name) {
    var work =
        name.equals("mover")
            ? "mv /data/a/moving /data/b/moving; mv /data/b/moving /data/a/moving"
            : "for c in 0 1 2 3; do head -c 60000 /dev/zero | tr '\\0' $c | dd of=/data/%1$s bs=60000 count=1 iflag=fullblock conv=notrunc 2>/dev/null; done"
                .formatted(name);
    return sandbox
        .exec("sh", "-euc", work + "; echo 1; while [ ! -e /data/stop ]; do " + work + "; done")
        .start();
  }

  private static void run(Sandbox sandbox, String script) {
    var result = sandbox.exec("bash", "-euc", script).await();
    assertThat(result.exitCode()).as(result.stderr()).isZero();
  }

  private static Path record(Image.SnapshotImage snapshot) {
    return CacheRoot.from(Settings.ofProcess())
        .directory("images")
        .resolve("snapshots")
        .resolve(snapshot.id());
  }
}
