package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Builds that write to one directory do so one after the other. */
class ReportLockTest {
  /** Another build: it locks the file, says so, and lets go when its standard input ends. */
  private static final String OTHER =
      """
      import java.nio.channels.*;
      import java.nio.file.*;
      class Other {
        public static void main(String[] args) throws Exception {
          try (var channel = FileChannel.open(Path.of(args[0]), StandardOpenOption.CREATE,
              StandardOpenOption.WRITE)) {
            channel.lock();
            System.out.println("locked");
            System.in.read();
          }
        }
      }
      """;

  private final RecordingConsole console = new RecordingConsole();
  @TempDir private Path temporary;

  @Test
  void another_process_is_waited_for() throws Exception {
    var reports = Files.createDirectory(temporary.resolve("sandbox"));
    var source = Files.writeString(temporary.resolve("Other.java"), OTHER);
    var other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                source.toString(),
                reports.resolve(ReportLock.FILE).toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      var said = new byte[6];
      assertThat(other.getInputStream().readNBytes(said, 0, 6)).isEqualTo(6);
      assertThat(new String(said, StandardCharsets.UTF_8)).isEqualTo("locked");
      waitsUntil(reports, () -> other.getOutputStream().close());
    } finally {
      other.destroy();
      assertThat(other.waitFor(1, TimeUnit.MINUTES)).isTrue();
    }
  }

  @Test
  void another_thread_of_this_build_is_waited_for() throws Exception {
    var reports = temporary.resolve("sandbox");
    var first = ReportLock.take(reports, console);
    assertThat(console.lines()).isEmpty();
    waitsUntil(reports, first::close);
  }

  @Test
  void other_directories_are_not() throws Exception {
    try (var one = ReportLock.take(temporary.resolve("one"), console);
        var two = ReportLock.take(temporary.resolve("two"), console)) {
      assertThat(one).isNotSameAs(two);
      assertThat(console.lines()).isEmpty();
    }
  }

  @Test
  void no_link_of_a_checkout_is_followed_and_the_run_goes_on() throws Exception {
    var precious = temporary.resolve("precious");
    var reports = Files.createDirectory(temporary.resolve("sandbox"));
    Files.createSymbolicLink(reports.resolve(ReportLock.FILE), precious);
    ReportLock.take(reports, console).close();
    assertThat(precious).doesNotExist();
    assertThat(console.lines())
        .singleElement()
        .asString()
        .startsWith("WARNING Another build that writes to " + reports + " at the same time would");
  }

  /** Lets another build go on. */
  private interface End {
    void run() throws IOException;
  }

  private void waitsUntil(Path reports, End end) throws Exception {
    var waiting = new FutureTask<>(() -> ReportLock.take(reports, console));
    var thread = new Thread(waiting);
    thread.start();
    await()
        .untilAsserted(
            () ->
                assertThat(console.lines())
                    .containsExactly(
                        "Waits for another build that writes to %s; set sandbox.reportDirectory to run beside it"
                            .formatted(reports)));
    assertThat(waiting.isDone()).isFalse();
    end.run();
    waiting.get(1, TimeUnit.MINUTES).close();
  }
}
