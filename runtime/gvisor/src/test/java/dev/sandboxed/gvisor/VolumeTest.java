package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.Backend;
import dev.sandboxed.Mount;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFileException;
import dev.sandboxed.Volume;
import dev.sandboxed.VolumeFile;
import dev.sandboxed.VolumeFiles;
import dev.sandboxed.VolumeInUseException;
import dev.sandboxed.VolumeInfo;
import dev.sandboxed.VolumeNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class VolumeTest {
  private static final Volume CACHE = Volume.named("cache");

  @TempDir private Path temp;
  private Backend backend;
  private VolumeFiles files;

  @BeforeEach
  void open() {
    backend =
        GvisorBackend.open(
            TestSettings.with(Map.of("sandboxed.volumes", temp.resolve("volumes").toString())));
    files = backend.volumes().files(CACHE);
  }

  @AfterEach
  void close() {
    backend.close();
  }

  @Test
  void outlives_sandboxes_and_is_there_before_and_after_them() {
    files.upload().text("from the host", "in").run();
    try (var sandbox = with("/cache", CACHE).create()) {
      assertThat(sandbox.files().readText("/cache/in")).isEqualTo("from the host");
      sandbox.exec("sh", "-c", "mkdir /cache/d && echo kept > /cache/d/out").await();
    }
    assertThat(files.readText("d/out")).isEqualTo("kept\n");
    try (var sandbox = with("/elsewhere", CACHE).create()) {
      assertThat(sandbox.files().readText("/elsewhere/d/out")).isEqualTo("kept\n");
    }
    assertThat(backend.volumes().list()).extracting(VolumeInfo::name).containsExactly("cache");
  }

  @Test
  void running_sandboxes_see_what_others_have_synced() {
    try (var writer = with("/cache", CACHE).create();
        var reader = with("/cache", CACHE).create();
        var looker = with("/cache", CACHE.readOnly()).create()) {
      for (var round = 1; round <= 5; round++) {
        writer
            .exec(
                "sh", "-c", "echo %d > /cache/round; mkdir /cache/%d; sync".formatted(round, round))
            .await();
        for (var other : List.of(reader, looker)) {
          assertThat(other.files().readText("/cache/round")).isEqualTo(round + "\n");
          assertThat(other.files().list("/cache")).hasSize(round + 1);
        }
        assertThat(files.readText("round")).isEqualTo(round + "\n");
      }
      reader.exec("rm", "-r", "/cache/1").await();
      assertThat(writer.files().exists("/cache/1")).isFalse();
      files.upload().text("from the host", "round").force().run();
      assertThat(looker.files().readText("/cache/round")).isEqualTo("from the host");
    }
  }

  @Test
  void two_writers_lose_nothing_of_each_other() {
    var script =
        """
        for i in $(seq 100); do
          echo $1 > /cache/$1-$i
          echo whole $1 $i > /cache/.$1; mv /cache/.$1 /cache/shared
        done
        """;
    try (var one = with("/cache", CACHE).create();
        var two = with("/cache", CACHE).create()) {
      var first = one.exec("sh", "-ec", script, "sh", "one").awaitAsync();
      var second = two.exec("sh", "-ec", script, "sh", "two").awaitAsync();
      assertThat(first.join().isSuccess()).isTrue();
      assertThat(second.join().isSuccess()).isTrue();
    }
    assertThat(files.list("/"))
        .extracting(VolumeFile::name)
        .hasSize(201)
        .contains("one-100", "two-1");
    assertThat(files.readText("shared")).matches("whole (one|two) 100\n");
  }

  @Test
  void read_only_holds_whatever_root_inside_does() {
    files.upload().text("kept", "a").run();
    try (var sandbox = with("/cache", CACHE.readOnly()).create()) {
      sandbox
          .exec(
              "sh",
              "-c",
              "mount -o remount,rw /cache; mount --bind /cache /mnt; mount -o remount,rw,bind /mnt;"
                  + " for at in /cache /mnt; do echo x > $at/a; echo x > $at/b; chmod 777 $at;"
                  + " done")
          .await();
      assertThatExceptionOfType(SandboxFileException.PermissionDenied.class)
          .isThrownBy(() -> sandbox.files().write("/cache/a", "x"));
    }
    assertThat(files.list("/")).extracting(VolumeFile::name).containsExactly("a");
    assertThat(files.readText("a")).isEqualTo("kept");
  }

  @Test
  void a_part_of_a_volume_is_all_that_a_sandbox_sees() {
    files.upload().text("hidden", "secret").text("seen", "a/b/file").run();
    try (var sandbox = with("/part", CACHE.subPath("a/b")).create();
        var fresh = with("/part", CACHE.subPath("new/one").readOnly()).create()) {
      var result =
          sandbox
              .exec("sh", "-c", "cd /part; cat file; cat ../secret ../../secret; ls -a; echo x > y")
              .await();
      assertThat(result.stdout()).isEqualTo("seen.\n..\nfile\n");
      assertThat(fresh.files().list("/part")).isEmpty();
    }
    assertThat(files.readText("a/b/y")).isEqualTo("x\n");
  }

  @Test
  void a_link_that_code_inside_plants_leads_nowhere_on_the_host() throws IOException {
    var outside = Files.createDirectory(temp.resolve("outside"));
    Files.writeString(outside.resolve("secret"), "secret");
    try (var sandbox = with("/cache", CACHE).create()) {
      sandbox.exec("ln", "-s", outside.toString(), "/cache/out").await();
      assertThatExceptionOfType(SandboxException.class)
          .isThrownBy(() -> with("/part", CACHE.subPath("out")).create())
          .withMessageContaining("out is not a directory");
      assertThatExceptionOfType(SandboxFileException.class)
          .isThrownBy(() -> files.readText("out/secret"));
      assertThatExceptionOfType(SandboxFileException.class)
          .isThrownBy(() -> files.upload().text("x", "out/planted").force().run());
    }
    assertThat(outside).isDirectoryNotContaining("glob:**planted");
  }

  @Test
  void a_link_that_is_swapped_in_all_the_time_never_leads_out() throws IOException {
    var outside = Files.createDirectory(temp.resolve("outside"));
    Files.writeString(outside.resolve("secret"), "secret");
    files.upload().text("inside", "real/secret").run();
    var swap =
        "cd /cache; while :; do mv real a; ln -s %s real; rm real; mv a real; done"
            .formatted(outside);
    try (var attacker = with("/cache", CACHE).create()) {
      var running = attacker.exec("sh", "-c", swap).start();
      for (var i = 0; i < 300; i++) {
        try {
          assertThat(files.readText("real/secret")).isEqualTo("inside");
        } catch (SandboxFileException e) {
          assertThat(e).hasMessageContaining("real/secret");
        }
        try {
          files.upload().text("x", "real/planted").force().run();
          files.removeRecursively("real/planted");
        } catch (SandboxException e) {
          // Somebody else moved it away.
        }
      }
      for (var i = 0; i < 6; i++) {
        try (var victim = with("/part", CACHE.subPath("real")).create()) {
          assertThat(victim.exec("cat", "/part/secret").await().stdout()).isNotEqualTo("secret");
        } catch (SandboxException e) {
          assertThat(e).hasMessageContaining("real");
        }
      }
      assertThat(running.poll()).isEmpty();
      running.close();
    }
    assertThat(outside.resolve("secret")).hasContent("secret");
    try (var left = Files.list(outside)) {
      assertThat(left).hasSize(1);
    }
  }

  @Test
  void lives_next_to_copies_of_host_directories_and_within_them() throws IOException {
    var checkout = Files.createDirectory(temp.resolve("checkout"));
    Files.writeString(checkout.resolve("a"), "from the host");
    try (var sandbox =
        with("/work/.cache", CACHE.subPath("part"))
            .mount("/work", Mount.copyOnWrite(checkout))
            .create()) {
      sandbox.exec("sh", "-ec", "echo changed > /work/a; echo kept > /work/.cache/b").await();
    }
    assertThat(checkout.resolve("a")).hasContent("from the host");
    assertThat(checkout.resolve(".cache")).doesNotExist();
    assertThat(files.readText("part/b")).isEqualTo("kept\n");
  }

  @Test
  void is_not_removed_while_a_sandbox_has_it() {
    try (var sandbox = with("/cache", CACHE).create()) {
      sandbox.files().write("/cache/a", "1");
      assertThat(backend.volumes().list()).extracting(VolumeInfo::inUse).containsExactly(true);
      assertThatExceptionOfType(VolumeInUseException.class)
          .isThrownBy(() -> backend.volumes().remove("cache"));
      assertThat(sandbox.files().readText("/cache/a")).isEqualTo("1");
    }
    assertThat(backend.volumes().list()).extracting(VolumeInfo::inUse).containsExactly(false);
    backend.volumes().remove("cache");
    assertThatExceptionOfType(VolumeNotFoundException.class).isThrownBy(() -> files.list("/"));
  }

  @Test
  void files_of_an_ephemeral_volume_are_read_after_termination_until_it_is_closed() {
    var scratch = backend.volumes().createEphemeral();
    try (var sandbox = with("/out", scratch.volume()).create()) {
      sandbox.exec("sh", "-c", "echo result > /out/a; mkdir -m 0 /out/shut").await();
      sandbox.terminate().join();
      assertThat(scratch.files().readText("a")).isEqualTo("result\n");
    }
    assertThat(scratch.files().readText("a")).isEqualTo("result\n");
    scratch.close();
    assertThatExceptionOfType(VolumeNotFoundException.class)
        .isThrownBy(() -> scratch.files().readText("a"));
    assertThat(temp.resolve("volumes/ephemeral")).isEmptyDirectory();
    assertThat(temp.resolve("volumes/work")).isEmptyDirectory();
  }

  @Test
  void closing_an_ephemeral_volume_that_is_used_takes_its_files() {
    var scratch = backend.volumes().createEphemeral();
    try (var sandbox = with("/out", scratch.volume()).create()) {
      sandbox.exec("sh", "-c", "mkdir -p /out/a/b; echo x > /out/a/b/c").await();
      scratch.close();
      assertThat(sandbox.files().exists("/out/a/b/c")).isFalse();
    }
    assertThat(temp.resolve("volumes/ephemeral")).isEmptyDirectory();
  }

  @Test
  void nothing_but_files_directories_and_links_comes_out_of_a_sandbox() {
    try (var sandbox = with("/cache", CACHE).create()) {
      sandbox
          .exec(
              "sh",
              "-c",
              "mkfifo /cache/fifo; mknod /cache/null c 1 3; mknod /cache/disk b 8 0; : > /cache/a")
          .await();
      assertThat(files.list("/")).extracting(VolumeFile::name).containsExactly("a");
    }
  }

  @Test
  void root_outside_has_all_owners_and_others_have_one() throws IOException {
    var isRoot = Files.getOwner(temp).getName().equals("root");
    try (var sandbox = with("/cache", CACHE).create()) {
      var owner =
          sandbox
              .exec("sh", "-c", "touch /cache/a; chown 1000:1001 /cache/a; stat -c %u:%g /cache/a")
              .await();
      assertThat(owner.stdout()).isEqualTo(isRoot ? "1000:1001\n" : "0:0\n");
      sandbox.exec("chmod", "1777", "/cache").await();
      var other = sandbox.exec("touch", "/cache/b").user("1000").await();
      assertThat(other.status().code() == 0).isEqualTo(isRoot);
      sandbox.exec("sh", "-c", "touch /cache/c; chmod 666 /cache/c").await();
      assertThat(sandbox.exec("sh", "-c", "echo x > /cache/c").user("1000").await().status().code())
          .isZero();
    }
  }

  private SandboxBuilder with(String target, Volume volume) {
    return Sandbox.builder().backend(backend).volume(target, volume);
  }
}
