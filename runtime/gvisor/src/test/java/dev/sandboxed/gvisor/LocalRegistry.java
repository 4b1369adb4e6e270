package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Docker's own registry, on the loopback of this machine. */
final class LocalRegistry implements AutoCloseable {
  private static final Pattern LISTENING = Pattern.compile("listening on (127\\.0\\.0\\.1:\\d+)");

  private final Path log;
  private final Process process;
  private final String host;

  private LocalRegistry(Path log, Process process) {
    this.log = log;
    this.process = process;
    try {
      host = await().atMost(Duration.ofMinutes(2)).until(this::address, a -> !a.isEmpty());
    } catch (RuntimeException | Error e) {
      process.destroyForcibly();
      throw e;
    }
  }

  /** Starts one that keeps its files in a directory. */
  static LocalRegistry in(Path directory) throws IOException {
    var log = directory.resolve("registry.log");
    var config =
        Files.writeString(
            directory.resolve("config.yml"),
            """
            version: 0.1
            storage: {filesystem: {rootdirectory: %s}}
            http: {addr: "127.0.0.1:0"}
            """
                .formatted(directory.resolve("storage")));
    return new LocalRegistry(
        log,
        new ProcessBuilder("docker-registry", "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start());
  }

  /** Its host and port. */
  String host() {
    return host;
  }

  private String address() throws IOException {
    var text = Files.readString(log);
    assertThat(process.isAlive()).as(text).isTrue();
    var matcher = LISTENING.matcher(text);
    return matcher.find() ? matcher.group(1) : "";
  }

  @Override
  public void close() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor(1, TimeUnit.MINUTES);
  }
}
