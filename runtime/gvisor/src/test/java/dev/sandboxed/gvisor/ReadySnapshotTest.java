package dev.sandboxed.gvisor;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.Backend;
import dev.sandboxed.KeptImage;
import dev.sandboxed.ReadinessProbe;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFilter;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.gvisor.kill.Arena;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sandboxes that are snapshotted when they are ready, in a store of their own. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class ReadySnapshotTest {
  private static final int KILLS = 12;

  private final Logger logger = Logger.getLogger("dev.sandboxed");
  private final Queue<String> warnings = new ConcurrentLinkedQueue<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord message) {
          warnings.add(message.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };
  private final List<Process> processes = new ArrayList<>();
  private Arena arena;
  private Backend backend;

  @BeforeEach
  void open() throws IOException {
    arena = new Arena();
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
    backend = ArenaBackend.open(arena);
  }

  @AfterEach
  void close() throws Exception {
    logger.removeHandler(handler);
    logger.setUseParentHandlers(true);
    for (var process : processes) {
      process.destroyForcibly().waitFor();
    }
    backend.close();
    arena.awaitNothingRuns();
    arena.close();
  }

  @Test
  void the_first_boots_and_every_later_one_is_its_copy() {
    String boot;
    try (var first = create("a")) {
      boot = ReadyProgram.boot(first);
      assertThat(first.startup().ready()).isPresent();
      assertThat(first.exec("test", "-e", "/run/sandboxed/copy.json").await().isSuccess())
          .isFalse();
      try (var second = create("a")) {
        assertThat(ReadyProgram.boot(second)).isEqualTo(boot);
        assertThat(second.startup().ready()).isPresent();
        assertThat(second.logs().text()).doesNotContain("error");
      }
    }
    try (var third = create("a");
        var other = create("b")) {
      assertThat(ReadyProgram.boot(third)).isEqualTo(boot);
      assertThat(ReadyProgram.boot(other)).isNotEqualTo(boot);
    }
    assertThat(warnings).isEmpty();
    assertThat(kept()).hasSize(2);
  }

  @Test
  void of_all_threads_and_processes_one_boots() throws Exception {
    var outputs = List.of(program("a"), program("a"));
    for (var process : processes) {
      begin(process);
    }
    var started = new ArrayList<CompletableFuture<Sandbox>>();
    for (var i = 0; i < 4; i++) {
      started.add(ReadyProgram.builder("a").backend(backend).createAsync());
    }
    var boots = new ArrayList<String>();
    for (var start : started) {
      try (var sandbox = start.join()) {
        boots.add(ReadyProgram.boot(sandbox));
      }
    }
    for (var output : outputs) {
      boots.add(output.readLine());
    }
    assertThat(boots).hasSize(6).doesNotContainNull();
    assertThat(boots.stream().distinct()).as("%s", warnings).hasSize(1);
    assertThat(kept()).hasSize(1);
  }

  @Test
  void who_waits_for_the_one_that_boots_can_give_up() {
    var builder = ReadyProgram.builder("a").readyWhen(ReadinessProbe.log("never")).backend(backend);
    var first = builder.createAsync();
    await().until(() -> !backend.list(SandboxFilter.all()).isEmpty());
    var second = builder.createAsync();
    await().until(() -> waitForALock() == 1);
    second.cancel(true);
    await().until(() -> waitForALock() == 0);
    assertThat(first).isNotDone();
    first.cancel(true);
  }

  private static long waitForALock() {
    return Thread.getAllStackTraces().values().stream()
        .filter(s -> Stream.of(s).anyMatch(f -> f.getClassName().endsWith("image.DigestLocks")))
        .count();
  }

  @Test
  void what_is_damaged_is_removed_with_a_warning_and_the_sandbox_boots() throws Exception {
    var boot = bootOf("a");
    var pages = memory().resolve("pages.img");
    var content = Files.readAllBytes(pages);
    content[content.length / 2] ^= 1;
    Files.write(pages, content, StandardOpenOption.WRITE);

    var next = bootOf("a");
    assertThat(next).isNotEqualTo(boot);
    assertThat(warnings)
        .singleElement()
        .asString()
        .contains("pages.img is not what was written")
        .contains("boots");
    assertThat(bootOf("a")).isEqualTo(next);
    assertThat(kept()).hasSize(1);
  }

  /** A snapshot of which every byte is as it was written, and that no runtime can read. */
  @Test
  void what_does_not_restore_is_removed_with_a_warning_and_the_sandbox_boots() throws Exception {
    var boot = bootOf("a");
    var state = memory().resolve("checkpoint.img");
    var record = memory().resolve("record.json");
    var before = sum(Files.readAllBytes(state));
    var broken = Files.readAllBytes(state);
    for (var i = broken.length / 4; i < broken.length / 2; i++) {
      broken[i] ^= 0x55;
    }
    Files.write(state, broken, StandardOpenOption.WRITE);
    var text = Files.readString(record);
    assertThat(text).contains(Long.toString(before));
    Files.writeString(record, text.replace(Long.toString(before), Long.toString(sum(broken))));

    var next = bootOf("a");
    assertThat(next).isNotEqualTo(boot);
    assertThat(warnings).singleElement().asString().contains("did not restore and was removed");
    assertThat(bootOf("a")).isEqualTo(next);
  }

  @Test
  void what_never_gets_ready_is_an_error_and_nothing_is_kept() {
    var builder =
        Sandbox.builder()
            .backend(backend)
            .command("sh", "-c", "echo no licence; exit 7")
            .readyWhen(ReadinessProbe.tcp(5432))
            .snapshotWhenReady();
    assertThatExceptionOfType(SandboxNotRunningException.class)
        .isThrownBy(builder::create)
        .withMessageContaining("no licence");
    assertThat(kept()).isEmpty();
  }

  @Test
  void a_command_for_copies_runs_in_copies_only() {
    var hook = List.of("sh", "-c", "echo $TAG > /hooked");
    try (var first = ReadyProgram.builder("a").onCopy(hook).backend(backend).create();
        var second = ReadyProgram.builder("a").onCopy(hook).backend(backend).create()) {
      assertThat(first.exec("test", "-e", "/hooked").await().isSuccess()).isFalse();
      assertThat(second.files().readText("/hooked")).isEqualTo("a\n");
    }
  }

  /** Whenever its creator is killed: what is found later is whole, and nothing is left. */
  @Test
  void a_jvm_killed_at_any_moment_leaves_nothing_broken() throws Exception {
    var seed = System.nanoTime();
    var random = new Random(seed);
    // The store has its images and programs, so that the kills fall on boots and snapshots.
    bootOf("warm");
    for (var round = 0; round < KILLS; round++) {
      program("a" + round / 3);
      var process = processes.get(processes.size() - 1);
      begin(process);
      process.waitFor(100 + random.nextInt(900), MILLISECONDS);
      process.destroyForcibly();
      assertThat(process.waitFor(30, SECONDS)).isTrue();
      var boot = bootOf("a" + round / 3);
      assertThat(bootOf("a" + round / 3)).as("round %d of seed %d", round, seed).isEqualTo(boot);
    }
    assertThat(warnings).isEmpty();
    backend.close();
    arena.awaitNothingRuns();
    try (var other = ArenaBackend.open(arena)) {
      assertThat(other.images().list()).isNotEmpty();
    }
    try (var files = Files.list(arena.cache().resolve("images/memory"))) {
      assertThat(files.map(file -> String.valueOf(file.getFileName())))
          .allMatch(name -> name.matches("[0-9a-f]{64}"));
    }
  }

  private Sandbox create(String tag) {
    return ReadyProgram.builder(tag).backend(backend).create();
  }

  private String bootOf(String tag) {
    try (var sandbox = create(tag)) {
      return ReadyProgram.boot(sandbox);
    }
  }

  /** Starts a process that starts such sandboxes when it is told to. */
  private BufferedReader program(String tag) throws IOException {
    var process =
        arena
            .program(List.of(), List.of(), ReadyProgram.class, tag)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    processes.add(process);
    var output = process.inputReader(StandardCharsets.UTF_8);
    assertThat(output.readLine()).isEqualTo("there");
    return output;
  }

  private static void begin(Process process) throws IOException {
    process.getOutputStream().write('\n');
    process.getOutputStream().flush();
  }

  private List<KeptImage> kept() {
    return backend.images().list().stream()
        .filter(image -> image.kind() == KeptImage.Kind.MEMORY)
        .toList();
  }

  private Path memory() {
    assertThat(kept()).hasSize(1);
    return arena.cache().resolve("images/memory").resolve(kept().get(0).id());
  }

  private static long sum(byte[] bytes) {
    var crc = new CRC32C();
    crc.update(bytes);
    return crc.getValue();
  }
}
