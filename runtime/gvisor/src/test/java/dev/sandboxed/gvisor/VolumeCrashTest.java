package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.Backend;
import dev.sandboxed.Sandbox;
import dev.sandboxed.Volume;
import dev.sandboxed.VolumeFiles;
import dev.sandboxed.VolumeInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whatever is killed in the middle of a write, what was synced before is in the volume. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class VolumeCrashTest {
  private static final Volume LOG = Volume.named("log");
  private static final int ENOUGH = 30;

  @TempDir private Path temp;
  private Backend backend;
  private VolumeFiles files;

  @BeforeEach
  void open() {
    backend =
        GvisorBackend.open(
            TestSettings.with(Map.of("sandboxed.volumes", temp.resolve("volumes").toString())));
    files = backend.volumes().files(LOG);
  }

  @AfterEach
  void close() {
    backend.close();
  }

  @Test
  void keeps_what_was_synced_when_the_keeper_is_killed() {
    killAndCheck(p -> Hosts.commandLine(p).contains("/keeper"));
  }

  @Test
  void keeps_what_was_synced_when_the_runtime_is_killed() {
    killAndCheck(p -> Hosts.commandLine(p).contains("runsc-sandbox"));
  }

  @Test
  void keeps_what_was_synced_when_the_jvm_is_killed() throws IOException {
    var builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Dsandboxed.volumes=" + temp.resolve("volumes"),
            "-cp",
            System.getProperty("java.class.path"),
            VolumeWriter.class.getName(),
            LOG.name());
    var writer = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (var lines = writer.inputReader(StandardCharsets.UTF_8)) {
      var synced = read(lines.lines().iterator());
      writer.destroyForcibly();
      check(synced);
    } finally {
      writer.destroyForcibly();
    }
  }

  private void killAndCheck(Predicate<ProcessHandle> victims) {
    try (var sandbox = Sandbox.builder().backend(backend).volume("/volume", LOG).create()) {
      var process = VolumeWriter.start(sandbox);
      var lines = process.stdout().lines().iterator();
      var synced = read(lines);
      var killed = ProcessHandle.current().descendants().filter(victims).toList();
      assertThat(killed).isNotEmpty();
      killed.forEach(ProcessHandle::destroyForcibly);
      check(synced);
    }
  }

  /** Reads numbers until there are enough; the sandbox goes on to write. */
  private static int read(Iterator<String> lines) {
    var last = 0;
    while (last < ENOUGH) {
      last = Integer.parseInt(lines.next());
    }
    return last;
  }

  /** Waits until nobody writes any more; all records that were synced are there, and no others. */
  private void check(int synced) {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> backend.volumes().list().stream().noneMatch(VolumeInfo::inUse));
    List<String> records = files.readText(VolumeWriter.FILE).lines().toList();
    assertThat(records).hasSizeGreaterThanOrEqualTo(synced);
    var expected = new ArrayList<String>();
    for (var i = 1; i < records.size(); i++) {
      expected.add("record " + i);
    }
    assertThat(records.subList(0, records.size() - 1)).isEqualTo(expected);
    assertThat("record " + records.size()).startsWith(records.get(records.size() - 1));
    backend.volumes().remove(LOG.name());
  }
}
