package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.ByteSize;
import dev.sandboxed.CommandNotFoundException;
import dev.sandboxed.ExecTimeoutException;
import dev.sandboxed.OutputTooLargeException;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.Secret;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
import org.junit.jupiter.api.io.TempDir;

/** The value of a secret is nowhere but in the environment of programs inside. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class SecretTest {
  private static final String VALUE = "hunter2-which-nobody-may-see";
  private static final Secret TOKEN = Secret.of("TOKEN", VALUE);

  private final Logger logger = Logger.getLogger("dev.sandboxed");
  private final Queue<String> messages = new ConcurrentLinkedQueue<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord message) {
          messages.add(message.getMessage() + text(message.getThrown()));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @TempDir private Path temp;

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
  void reaches_the_environment_from_a_map_a_file_and_the_host() throws IOException {
    var file = Files.writeString(temp.resolve(".env"), "FROM_FILE='two words' # comment\n");
    try (var sandbox =
        Sandbox.builder()
            .secrets(Secret.fromDotenv(file))
            .secrets(Secret.fromHost(List.of("PATH")).stream().map(SecretTest::renamed).toList())
            .secret(TOKEN)
            .create()) {
      var result =
          sandbox
              .exec("sh", "-c", "echo $TOKEN $FROM_FILE $ONCE; [ -n \"$FROM_HOST\" ]")
              .secret(Secret.of("ONCE", "only-here"))
              .await();
      assertThat(result.stdout()).isEqualTo(VALUE + " two words only-here\n");
      assertThat(result.isSuccess()).isTrue();
      assertThat(result.toString()).contains("*** *** ***");
      assertThat(sandbox.exec("sh", "-c", "echo $TOKEN $ONCE").await().stdout())
          .isEqualTo(VALUE + "\n");
    }
  }

  @Test
  void is_in_no_log_message_or_description() {
    var printed = new ArrayList<String>();
    try (var sandbox =
        Sandbox.builder()
            .verbose(true)
            .secret(TOKEN)
            .command("sh", "-c", "echo $TOKEN; exec sleep 100")
            .create()) {
      printed.add(sandbox + " " + sandbox.spec() + " " + sandbox.spec().toBuilder().build());
      printed.add(sandbox.exec("sh", "-c", "env; env >&2; exit 3").await().toString());
      printed.add(sandbox.exec("echo", VALUE).await().toString());
      printed.add(sandbox.exec("echo", VALUE) + "");
      printed.add(sandbox.entrypoint().orElseThrow() + "");
      printed.add(
          text(
              catchThrowableOfType(
                  CommandNotFoundException.class, () -> sandbox.exec(VALUE, VALUE).await())));
      printed.add(
          text(
              catchThrowableOfType(
                  SandboxException.class,
                  () -> sandbox.exec("true").workdir("/" + VALUE).await())));
      printed.add(
          text(
              catchThrowableOfType(
                  SandboxException.class, () -> sandbox.exec("true").user(VALUE).await())));
      printed.add(
          text(
              catchThrowableOfType(
                  ExecTimeoutException.class,
                  () ->
                      sandbox
                          .exec("sh", "-c", "env; sleep 100; echo " + VALUE)
                          .timeout(Duration.ofMillis(500))
                          .await())));
      printed.add(
          text(
              catchThrowableOfType(
                  OutputTooLargeException.class,
                  () ->
                      sandbox
                          .exec("sh", "-c", "while :; do env; done; " + VALUE)
                          .outputLimit(ByteSize.parse("10k"))
                          .await())));
      sandbox.files().write("/tmp/" + VALUE, VALUE);
      await().until(() -> messages.stream().anyMatch(m -> m.contains("write /tmp/***")));
      sandbox.terminate().join();
      printed.add(text(catchThrowableOfType(SandboxException.class, sandbox::waitFor)));
      printed.add(
          text(
              catchThrowableOfType(
                  SandboxException.class, () -> sandbox.exec("echo", VALUE).await())));
    }
    assertThat(printed).noneMatch(p -> p.contains("hunter2"));
    assertThat(messages).isNotEmpty().noneMatch(m -> m.contains("hunter2"));
  }

  @Test
  void is_on_no_command_line_in_no_environment_and_no_file_of_the_host() throws IOException {
    try (var sandbox =
        Sandbox.builder().secret(TOKEN).command("sh", "-c", "exec sleep 100").create()) {
      sandbox.exec("true").secret(TOKEN).await();
      var processes = ProcessHandle.current().descendants().map(ProcessHandle::pid).toList();
      assertThat(processes).isNotEmpty();
      for (var pid : processes) {
        for (var name : List.of("cmdline", "environ")) {
          assertThat(read(Path.of("/proc", Long.toString(pid), name))).doesNotContain("hunter2");
        }
      }
      try (var files = Files.walk(Hosts.stateDirectory(sandbox.id()))) {
        for (var file : files.filter(Files::isRegularFile).toList()) {
          assertThat(read(file)).doesNotContain("hunter2");
        }
      }
    }
  }

  private static Secret renamed(Secret secret) {
    return Secret.of("FROM_HOST", secret.reveal());
  }

  /** Returns what a file holds; nothing if its process has ended or it cannot be read. */
  private static String read(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  private static String text(Throwable failure) {
    var text = new StringWriter();
    if (failure != null) {
      failure.printStackTrace(new PrintWriter(text, true));
    }
    return text.toString();
  }
}
