package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.LogLine;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxLog;
import dev.sandboxed.Secret;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class VerboseTest {
  private final Logger logger = Logger.getLogger("dev.sandboxed");
  private final Queue<String> messages = new ConcurrentLinkedQueue<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord message) {
          messages.add(message.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
  }

  @AfterEach
  void stop() {
    logger.removeHandler(handler);
    logger.setUseParentHandlers(true);
  }

  @Test
  void notes_calls_with_their_outcome_and_duration_and_no_secret() {
    try (var sandbox =
        Sandbox.builder().verbose(true).secret(Secret.of("TOKEN", "unseen-value")).create()) {
      sandbox.exec("sh", "-c", "exit 3").await();
      sandbox.files().write("/tmp/a", "x");
      sandbox.files().exists("/tmp/none");
      await().until(() -> messages.size() >= 3);

      var id = sandbox.id();
      assertThat(messages)
          .anyMatch(m -> m.matches(id + ": exec sh -c 'exit 3': exit code 3 after [\\d,]+ ms"))
          .anyMatch(m -> m.matches(id + ": write /tmp/a: done after [\\d,]+ ms"))
          .anyMatch(m -> m.startsWith(id + ": stat /tmp/none: Cannot look at /tmp/none"))
          .noneMatch(m -> m.contains("unseen-value"));
    }
  }

  @Test
  void notes_calls_of_every_handle_in_the_log_of_the_sandbox() {
    String id;
    try (var sandbox =
        Sandbox.builder()
            .verbose(true)
            .secret(Secret.of("TOKEN", "unseen-value"))
            .command("sh", "-c", "echo out; cat")
            .create()) {
      id = sandbox.id();
      try (var found = Sandbox.fromId(id)) {
        sandbox.exec("sh", "-c", "echo unseen-value; exit 3").await();
        sandbox.exec("printf", "a\nb").awaitAsync().join();
        found.files().write("/tmp/a", "x");
        assertThat(notes(found.logs()))
            .anyMatch(
                n -> n.matches("exec sh -c 'echo \\*\\*\\*; exit 3': exit code 3 after [\\d,]+ ms"))
            .anyMatch(n -> n.startsWith("exec printf 'a b': exit code 0 after "))
            .anyMatch(n -> n.startsWith("write /tmp/a: done after "))
            .allMatch(n -> n.length() < 4_000 && !n.contains("unseen-value"));
        found.exec("true").await();
      }
      sandbox.exec("echo", "x".repeat(10_000)).await();
      sandbox.exec("echo", "last").await();
    }
    var log = Sandbox.fromId(id).logs();
    assertThat(notes(log))
        .anyMatch(n -> n.startsWith("exec true: exit code 0"))
        .anyMatch(n -> n.startsWith("exec echo xxx") && n.length() <= 2_000)
        .last()
        .asString()
        .startsWith("exec echo last: exit code 0 after ");
    assertThat(log.lines())
        .filteredOn(l -> l.source() == LogLine.Source.STDOUT)
        .extracting(LogLine::text)
        .containsExactly("out");
  }

  private static List<String> notes(SandboxLog log) {
    return log.lines().stream()
        .filter(l -> l.source() == LogLine.Source.NOTE)
        .map(LogLine::text)
        .toList();
  }

  @Test
  void says_nothing_unless_asked() {
    try (var sandbox = Sandbox.create()) {
      sandbox.exec("true").await();
      assertThat(sandbox.logs().lines()).isEmpty();
    }
    assertThat(messages).isEmpty();
  }
}
