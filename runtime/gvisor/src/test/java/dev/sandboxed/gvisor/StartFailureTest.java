package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.BackendUnavailableException;
import dev.sandboxed.ExitReason;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFailedException;
import dev.sandboxed.core.binaries.BinaryCache;
import dev.sandboxed.core.binaries.CacheRoot;
import dev.sandboxed.core.binaries.SandboxBinaries;
import dev.sandboxed.core.binaries.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class StartFailureTest {
  @TempDir private Path host;

  @Test
  void shows_what_a_runtime_that_fails_has_to_say() throws IOException {
    var script = script("echo the disk is on fire >&2; exit 3");

    try (var backend = GvisorBackend.open(settings(Map.of("sandboxed.runsc", script)))) {
      assertThatExceptionOfType(SandboxFailedException.class)
          .isThrownBy(() -> Sandbox.builder().backend(backend).create())
          .withMessageContaining("did not start")
          .withMessageContaining("the disk is on fire")
          .withMessageContaining("exited with code 3");
    }
    assertThat(Hosts.keepers()).isZero();
  }

  @Test
  void ends_a_start_that_is_cancelled() throws IOException {
    // A runtime that is never done, so that the start cannot be over before it is cancelled.
    var script = script("tail -f /dev/null; exit 1");

    try (var backend = GvisorBackend.open(settings(Map.of("sandboxed.runsc", script)))) {
      var future = Sandbox.builder().backend(backend).createAsync();
      await().until(() -> Hosts.hasProcessNaming(script));
      future.cancel(true);

      assertThatExceptionOfType(CancellationException.class).isThrownBy(future::join);
      await().until(() -> !Hosts.hasProcessNaming(script) && Hosts.keepers() == 0);
    }
  }

  @Test
  void starts_for_longer_than_its_idle_timeout() throws IOException {
    var ours = Settings.ofProcess();
    var runsc =
        SandboxBinaries.locate(
                ours, new BinaryCache(CacheRoot.from(ours)), getClass().getClassLoader())
            .runsc();
    var script = script("sleep 2; exec " + runsc + " \"$@\"");

    try (var backend = GvisorBackend.open(settings(Map.of("sandboxed.runsc", script)));
        var sandbox =
            Sandbox.builder().backend(backend).idleTimeout(Duration.ofSeconds(1)).create()) {
      assertThat(sandbox.onExit().join().reason()).isEqualTo(ExitReason.IDLE_TIMEOUT);
    }
  }

  @Test
  void ends_an_agent_that_speaks_no_protocol() throws IOException {
    var script = script("while true; do echo garbage garbage garbage; done");

    try (var backend = GvisorBackend.open(settings(Map.of("sandboxed.runsc", script)))) {
      assertThatExceptionOfType(SandboxFailedException.class)
          .isThrownBy(() -> Sandbox.builder().backend(backend).create())
          .withMessageContaining("protocol");
    }
  }

  @Test
  void refuses_a_runtime_that_does_not_exist() {
    try (var backend = GvisorBackend.open(settings(Map.of("sandboxed.runsc", "/no/runsc")))) {
      assertThatExceptionOfType(BackendUnavailableException.class)
          .isThrownBy(() -> Sandbox.builder().backend(backend).create())
          .withMessageContaining("/no/runsc");
    }
  }

  @Test
  void refuses_a_state_directory_that_others_can_use() throws IOException {
    var uid = Files.getAttribute(host, "unix:uid");
    var open = Files.createDirectory(host.resolve("sandboxed-" + uid));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));

    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> StateDirectory.open(temporary(host)))
        .withMessageContaining("chmod 700");
    Files.delete(open);
    Files.createSymbolicLink(open, host);
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> StateDirectory.open(temporary(host)))
        .withMessageContaining("symbolic link");
  }

  @Test
  void refuses_a_directory_of_records_that_others_can_write() throws IOException {
    var open = Files.createDirectory(host.resolve("records"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));

    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> RecordDirectory.open(records(open.toString())))
        .withMessageContaining("records")
        .withMessageContaining("chmod 700");
    var link = Files.createSymbolicLink(host.resolve("link"), open);
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> RecordDirectory.open(records(link.toString())))
        .withMessageContaining("chmod 700");
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> RecordDirectory.open(records("relative")))
        .withMessageContaining("not an absolute path")
        .withMessageContaining("-Dsandboxed.records=/path");
  }

  @Test
  void refuses_a_directory_of_records_that_cannot_be_one() throws IOException {
    var file = Files.createFile(host.resolve("file"));

    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> RecordDirectory.open(records(file.resolve("below").toString())))
        .withMessageContaining(file.toString());
  }

  @Test
  void makes_the_directory_of_records_for_its_user_alone() throws IOException {
    var made = RecordDirectory.open(records(host.resolve("a/b").toString())).path();

    assertThat(Files.getPosixFilePermissions(made))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
  }

  @Test
  void refuses_a_state_directory_whose_sockets_have_too_long_paths() throws IOException {
    var deep = Files.createDirectories(host.resolve("x".repeat(60)).resolve("y".repeat(30)));

    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> StateDirectory.open(temporary(deep)))
        .withMessageContaining("91");
  }

  @Test
  void uses_the_users_runtime_directory() throws IOException {
    var own = Files.createDirectory(host.resolve("run"));
    Files.setPosixFilePermissions(own, PosixFilePermissions.fromString("rwx------"));

    var state =
        StateDirectory.open(Settings.of(Map.of(), Map.of("XDG_RUNTIME_DIR", own.toString())));

    assertThat(state.path()).isEqualTo(own.resolve("sandboxed"));
  }

  @Test
  void finds_what_a_sandbox_needs_on_this_machine() {
    try (var backend = GvisorBackend.open()) {
      assertThat(backend.check())
          .isNotEmpty()
          .noneMatch(f -> f.level() == dev.sandboxed.Backend.Finding.Level.ERROR);
    }
  }

  private static Settings temporary(Path directory) {
    return Settings.of(Map.of("java.io.tmpdir", directory.toString()), Map.of());
  }

  private static Settings records(String directory) {
    return Settings.of(Map.of("sandboxed.records", directory), Map.of());
  }

  private String script(String body) throws IOException {
    var file = Files.writeString(host.resolve("runsc"), "#!/bin/sh\n" + body + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    return file.toString();
  }

  /** The settings of this process, with some of them changed. */
  private static Settings settings(Map<String, String> changed) {
    var properties = new HashMap<String, String>();
    System.getProperties().forEach((k, v) -> properties.put(k.toString(), v.toString()));
    properties.putAll(changed);
    return Settings.of(properties, System.getenv());
  }
}
