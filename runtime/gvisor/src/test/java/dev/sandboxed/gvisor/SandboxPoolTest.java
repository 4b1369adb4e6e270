package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.sandboxed.Backend;
import dev.sandboxed.Backends;
import dev.sandboxed.ByteSize;
import dev.sandboxed.CommandNotFoundException;
import dev.sandboxed.ExitReason;
import dev.sandboxed.Image;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Mount;
import dev.sandboxed.PoolLimits;
import dev.sandboxed.PoolStatistics;
import dev.sandboxed.ReadinessProbe;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFilter;
import dev.sandboxed.SandboxPool;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.SandboxTimeoutException;
import dev.sandboxed.Volume;
import dev.sandboxed.core.binaries.Settings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Sandboxes that are prepared while others are used. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class SandboxPoolTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final SandboxSpec PLAIN = Sandbox.builder().build();
  private static final SandboxSpec OTHER = Sandbox.builder().env("OTHER", "1").build();

  private Backend backend;
  private SandboxPool pool;

  @BeforeEach
  void open() {
    backend = Backends.open();
    pool = pool(4, "1g");
  }

  @AfterEach
  void close() {
    pool.close();
    backend.close();
    await().atMost(PATIENCE).until(() -> Hosts.keepers() == 0);
  }

  private SandboxPool pool(int sandboxes, String memory) {
    return SandboxPool.open(backend, new PoolLimits(sandboxes, 2, ByteSize.parse(memory)));
  }

  private void awaitPrepared(int count) {
    await().atMost(PATIENCE).until(() -> pool.statistics().prepared() == count);
  }

  @Test
  void hands_out_each_sandbox_once() {
    var ids = new HashSet<String>();
    pool.expect(PLAIN, 3);
    for (var round = 1; round <= 3; round++) {
      awaitPrepared(round);
      try (var sandbox = pool.acquire(PLAIN)) {
        ids.add(sandbox.id());
        assertThat(sandbox.spec()).isEqualTo(PLAIN);
        assertThat(sandbox.exec("mkdir", "/tmp/used").await().isSuccess()).isTrue();
      }
    }

    assertThat(ids).hasSize(3);
    assertThat(pool.statistics()).isEqualTo(new PoolStatistics(3, 3, 0, 0, 0));
    assertThat(pool.statistics().hitRate()).isEqualTo(1.0);
  }

  @Test
  void prepares_nothing_that_is_not_expected() {
    pool.acquire(PLAIN).close();
    pool.expect(PLAIN, 1);
    pool.acquire(OTHER).close();
    pool.acquire(PLAIN).close();
    pool.acquire(PLAIN).close();

    assertThat(pool.statistics().prepared()).isEqualTo(1);
    assertThat(pool.statistics().misses()).isEqualTo(3);
    assertThat(pool.statistics().hitRate()).isLessThanOrEqualTo(0.25);
  }

  @Test
  void hands_out_one_that_is_still_starting_rather_than_another() {
    pool.expect(PLAIN, 1);
    try (var sandbox = pool.acquire(PLAIN)) {
      assertThat(sandbox.exec("echo", "hi").await().stdout()).isEqualTo("hi\n");
    }

    var found = pool.statistics();
    assertThat(found.prepared()).isEqualTo(1);
    assertThat(found.hits() + found.late()).isEqualTo(1);
  }

  @Test
  void lets_the_timeout_begin_with_the_use() {
    var brief = Sandbox.builder().timeout(Duration.ofSeconds(2)).build();
    pool.expect(brief, 1);
    awaitPrepared(1);
    try (var clock = backend.create(PLAIN)) {
      clock.exec("sleep", "3").await();
    }

    try (var sandbox = pool.acquire(brief)) {
      assertThat(sandbox.exec("sleep", "0.5").await().isSuccess()).isTrue();
      assertThatExceptionOfType(SandboxTimeoutException.class).isThrownBy(sandbox::waitFor);
    }
    assertThat(pool.statistics().hits()).isEqualTo(1);
  }

  @Test
  void shows_nobody_what_is_not_used_yet() {
    var tag = UUID.randomUUID().toString();
    var tagged = Sandbox.builder().tag("test", tag).build();
    pool.expect(tagged, 1);
    awaitPrepared(1);
    var filter = SandboxFilter.all().tag("test", tag);
    assertThat(Sandbox.list(filter)).isEmpty();

    try (var sandbox = pool.acquire(tagged)) {
      assertThat(Sandbox.list(filter))
          .singleElement()
          .satisfies(i -> assertThat(i.id()).isEqualTo(sandbox.id()));
    }
  }

  @Test
  void gives_another_for_one_that_died_while_it_waited() {
    pool.expect(PLAIN, 2);
    awaitPrepared(1);
    ProcessHandle.current()
        .children()
        .filter(p -> Hosts.commandLine(p).contains("/keeper"))
        .forEach(ProcessHandle::destroyForcibly);
    await().atMost(PATIENCE).until(() -> pool.statistics().discarded() == 1);

    try (var sandbox = pool.acquire(PLAIN)) {
      assertThat(sandbox.exec("true").await().isSuccess()).isTrue();
      awaitPrepared(2);
    }
    pool.acquire(PLAIN).close();
    assertThat(pool.statistics()).isEqualTo(new PoolStatistics(2, 1, 0, 1, 1));
  }

  @Test
  void stays_within_its_limits() {
    pool.close();
    pool = pool(1, "1g");
    pool.expect(PLAIN, 5);
    pool.expect(OTHER, 5);
    awaitPrepared(1);
    pool.acquire(OTHER).close();
    assertThat(Hosts.keepers()).isEqualTo(1);

    pool.close();
    pool = pool(4, "100m");
    var large = Sandbox.builder().memory(ByteSize.parse("1g")).command("sleep", "100");
    pool.expect(large.readyWhen(ReadinessProbe.tcp(80)).build(), 1);
    pool.expect(OTHER, 5);
    try (var one = pool.acquire(OTHER);
        var two = pool.acquire(OTHER)) {
      assertThat(one.id()).isNotEqualTo(two.id());
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  pool.statistics().prepared()
                      == pool.statistics().hits() + pool.statistics().late() + 1);
      assertThat(Hosts.keepers()).isEqualTo(3);
    }

    pool.close();
    pool = pool(0, "1g");
    pool.expect(PLAIN, 1);
    pool.acquire(PLAIN).close();
    assertThat(pool.statistics()).isEqualTo(new PoolStatistics(0, 0, 0, 1, 0));
  }

  @Test
  void prepares_as_many_ahead_as_are_in_use() {
    pool.expect(PLAIN, 10);
    try (var one = pool.acquire(PLAIN);
        var two = pool.acquire(PLAIN)) {
      await().atMost(PATIENCE).until(() -> Hosts.keepers() == 4);
      assertThat(one.id()).isNotEqualTo(two.id());
    }
  }

  @Test
  void ends_what_is_not_expected_any_more() {
    pool.expect(PLAIN, 1);
    awaitPrepared(1);
    pool.expect(PLAIN, 0);

    await().atMost(PATIENCE).until(() -> Hosts.keepers() == 0);
    assertThat(pool.statistics()).isEqualTo(new PoolStatistics(1, 0, 0, 0, 1));
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(() -> pool.expect(PLAIN, -1))
        .withMessageContaining("-1 sandboxes");
  }

  @Test
  void ends_all_that_wait_and_are_starting_when_it_is_closed() {
    pool.expect(PLAIN, 1);
    awaitPrepared(1);
    pool.close();
    assertThat(Hosts.keepers()).isZero();
    assertThat(pool.statistics().discarded()).isEqualTo(1);
    assertThatExceptionOfType(SandboxException.class)
        .isThrownBy(() -> pool.acquire(PLAIN))
        .withMessageContaining("The pool is closed");

    pool = pool(4, "1g");
    pool.expect(PLAIN, 1);
    pool.expect(OTHER, 1);
    pool.close();
    await().atMost(PATIENCE).until(() -> Hosts.keepers() == 0);
  }

  @Test
  void leaves_what_it_handed_out_when_it_is_closed() {
    pool.expect(PLAIN, 1);
    try (var sandbox = pool.acquire(PLAIN)) {
      pool.close();
      assertThat(sandbox.exec("echo", "hi").await().stdout()).isEqualTo("hi\n");
    }
  }

  @Test
  void reports_the_error_of_what_cannot_be_created() {
    var wrong =
        Sandbox.builder().command("no-such-program").readyWhen(ReadinessProbe.tcp(80)).build();
    pool.expect(wrong, 2);
    for (var round = 0; round < 2; round++) {
      assertThatExceptionOfType(CommandNotFoundException.class)
          .isThrownBy(() -> pool.acquire(wrong))
          .withMessageContaining("no-such-program");
    }
    pool.expect(PLAIN, 1);
    pool.acquire(PLAIN).close();

    assertThat(pool.statistics().misses()).isEqualTo(2);
  }

  @Test
  void has_a_service_ready_before_its_use() {
    var service =
        Sandbox.builder()
            .memory(ByteSize.parse("256m"))
            .command("python3", "-m", "http.server", "8080", "--directory", "/tmp")
            .readyWhen(ReadinessProbe.tcp(8080))
            .build();
    pool.expect(service, 1);
    awaitPrepared(1);
    try (var clock = backend.create(PLAIN)) {
      clock.exec("sleep", "2").await();
    }

    try (var sandbox = pool.acquire(service)) {
      assertThat(sandbox.waitUntilReady().ready()).isPresent();
      assertThat(sandbox.entrypoint()).isPresent();
      assertThat(sandbox.terminate().join().reason()).isEqualTo(ExitReason.TERMINATED);
    }
    assertThat(pool.statistics().hits()).isEqualTo(1);
  }

  @Test
  void serves_several_threads() throws InterruptedException {
    Set<String> ids = ConcurrentHashMap.newKeySet();
    pool.expect(PLAIN, 8);
    var threads = Stream.generate(() -> new Thread(() -> use(ids, 2))).limit(4).toList();
    threads.forEach(Thread::start);
    for (var thread : threads) {
      thread.join();
    }

    assertThat(ids).hasSize(8);
    assertThat(pool.statistics().acquired()).isEqualTo(8);
    pool.expect(PLAIN, 0);
  }

  private void use(Set<String> ids, int times) {
    for (var i = 0; i < times; i++) {
      try (var sandbox = pool.acquire(PLAIN)) {
        if (sandbox.exec("mkdir", "/tmp/mine").await().isSuccess()) {
          ids.add(sandbox.id());
        }
      }
    }
  }

  static List<Arguments> notAhead() {
    var builder = Sandbox.builder();
    return List.of(
        arguments(Sandbox.builder().name("db"), "a name"),
        arguments(Sandbox.builder().mount("/src", Mount.readOnly(Path.of("src"))), "mounts files"),
        arguments(Sandbox.builder().volume("/v", Volume.named("v")), "mounts a volume"),
        arguments(builder.gpu(1), "GPUs"),
        arguments(Sandbox.builder().command("date"), "without a readiness probe"));
  }

  @ParameterizedTest
  @MethodSource("notAhead")
  void prepares_nothing_to_which_time_makes_a_difference(SandboxBuilder builder, String why) {
    var spec = builder.build();
    assertThat(SandboxPool.obstacle(spec).orElse("")).contains(why);
    pool.expect(spec, 1);
    assertThat(Hosts.keepers()).isZero();
    assertThat(SandboxPool.obstacle(PLAIN)).isEmpty();
  }

  @Test
  void hands_out_nothing_whose_image_has_changed_meanwhile(@TempDir Path directory)
      throws IOException {
    var file = Files.writeString(directory.resolve("file"), "old");
    var spec = Sandbox.builder().image(Image.host().copy(directory, "/srv").env("A", "1")).build();
    pool.expect(spec, 2);
    awaitPrepared(1);
    try (var sandbox = pool.acquire(spec)) {
      assertThat(sandbox.files().readText("/srv/file")).isEqualTo("old");
      awaitPrepared(2);
      Files.writeString(file, "newer");
    }

    try (var sandbox = pool.acquire(spec)) {
      assertThat(sandbox.files().readText("/srv/file")).isEqualTo("newer");
    }
    assertThat(pool.statistics()).isEqualTo(new PoolStatistics(2, 1, 0, 1, 1));
  }

  @Test
  void creates_at_once_what_it_does_not_prepare() {
    var spec = Sandbox.builder().command("sh", "-c", "exit 7").build();
    pool.expect(spec, 2);
    try (var sandbox = pool.acquire(spec)) {
      assertThat(sandbox.waitFor().code()).isEqualTo(7);
    }
    assertThat(pool.statistics()).isEqualTo(new PoolStatistics(0, 0, 0, 1, 0));
  }

  @Test
  void starts_the_next_while_somebody_waits_for_one(@TempDir Path directory) throws Exception {
    var never = Files.writeString(directory.resolve("runsc"), "#!/bin/sh\ntail -f /dev/null\n");
    Files.setPosixFilePermissions(never, PosixFilePermissions.fromString("rwxr-xr-x"));
    var properties = new HashMap<>(Map.of("sandboxed.runsc", never.toString()));
    System.getProperties().forEach((k, v) -> properties.putIfAbsent(k.toString(), v.toString()));

    try (var slow = GvisorBackend.open(Settings.of(properties, System.getenv()));
        var single = SandboxPool.open(slow, new PoolLimits(4, 1, ByteSize.parse("1g")))) {
      single.expect(PLAIN, 3);
      await().atMost(PATIENCE).until(() -> Hosts.keepers() == 1);
      var failure = new CompletableFuture<Throwable>();
      var waiting = new Thread(() -> single.acquire(PLAIN));
      waiting.setUncaughtExceptionHandler((thread, thrown) -> failure.complete(thrown));
      waiting.start();
      await().atMost(PATIENCE).until(() -> Hosts.keepers() == 2);

      waiting.interrupt();
      assertThat(failure.join()).hasMessageContaining("Interrupted while waiting");
    }
  }

  @Test
  void leaves_nothing_when_its_process_is_killed() throws Exception {
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var command =
        List.of(java, "-cp", System.getProperty("java.class.path"), PoolHolder.class.getName());
    var holder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    List<ProcessHandle> keepers;
    try {
      assertThat(holder.inputReader(StandardCharsets.UTF_8).readLine()).isEqualTo("holds a pool");
      await().atMost(PATIENCE).until(() -> holder.children().count() >= 2);
      keepers = holder.descendants().toList();
    } finally {
      holder.destroyForcibly();
    }

    await().atMost(PATIENCE).until(() -> keepers.stream().noneMatch(ProcessHandle::isAlive));
  }
}
