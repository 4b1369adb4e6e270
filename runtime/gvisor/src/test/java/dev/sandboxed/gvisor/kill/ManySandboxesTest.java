package dev.sandboxed.gvisor.kill;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFilter;
import dev.sandboxed.SandboxInfo;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ManySandboxesTest {
  private static final int WAVES = 25;
  private static final int WAVE = 8;
  private static final int AT_ONCE = 40;

  @Test
  void twoHundredSandboxesLeaveNoFileThreadOrProcessBehind() {
    wave(WAVE);
    var files = openFiles();
    var threads = threads();
    for (var i = 0; i < WAVES; i++) {
      wave(WAVE);
    }
    await()
        .atMost(30, SECONDS)
        .untilAsserted(
            () -> {
              assertThat(openFiles()).isLessThan(files + 10);
              assertThat(threads()).isLessThan(threads + 10);
              assertThat(ProcessHandle.current().descendants()).isEmpty();
            });
  }

  @Test
  void fortySandboxesAtOnceAllAnswerAndAreListed() {
    wave(AT_ONCE);
  }

  /** Has so many sandboxes up at once, each of which answers and is listed, and closes them. */
  private static void wave(int count) {
    var app = "test-" + UUID.randomUUID();
    var created =
        Stream.generate(() -> Sandbox.builder().app(app).createAsync()).limit(count).toList();
    var sandboxes = created.stream().map(CompletableFuture::join).toList();
    try {
      for (var sandbox : sandboxes) {
        assertThat(sandbox.exec("echo", sandbox.id()).await().stdout().strip())
            .isEqualTo(sandbox.id());
      }
      assertThat(listed(app))
          .containsExactlyInAnyOrderElementsOf(sandboxes.stream().map(Sandbox::id).toList());
    } finally {
      close(sandboxes);
    }
    assertThat(listed(app)).isEmpty();
  }

  private static List<String> listed(String app) {
    return Sandbox.list(SandboxFilter.all().app(app)).stream().map(SandboxInfo::id).toList();
  }

  private static void close(List<Sandbox> sandboxes) {
    sandboxes.forEach(Sandbox::terminate);
    sandboxes.forEach(Sandbox::close);
  }

  private static int openFiles() {
    return children(Path.of("/proc/self/fd"));
  }

  private static int threads() {
    return children(Path.of("/proc/self/task"));
  }

  private static int children(Path directory) {
    var names = directory.toFile().list();
    return names == null ? -1 : names.length;
  }
}
