package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.SandboxNotFoundException;
import dev.sandboxed.core.binaries.Settings;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A keeper that dies while somebody looks for its sandbox. */
@Timeout(120)
class FinderTest {
  private static final String ID = "sb-dying";

  @TempDir private Path host;
  private GvisorBackend backend;
  private ServerSocketChannel socket;

  @BeforeEach
  void dieOnceAsked() throws IOException {
    var settings = settings();
    backend = GvisorBackend.open(settings);
    var state = StateDirectory.open(settings);
    var directory = Files.createDirectory(state.of(ID));
    Files.createFile(directory.resolve("lock"));
    Files.writeString(
        directory.resolve("info.json"),
        "{\"format\":1,\"id\":\"%s\",\"app\":\"app\",\"name\":\"db\",\"timeoutMillis\":60000,\"pid\":1,\"version\":\"1\"}"
            .formatted(ID));
    var names = Files.createDirectory(state.path().resolve("names"));
    Files.writeString(names.resolve("app@db"), ID);
    socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    socket.bind(UnixDomainSocketAddress.of(state.socket(ID)));
    var thread = new Thread(this::hangUp, "a keeper that dies");
    thread.setDaemon(true);
    thread.start();
  }

  @AfterEach
  void close() throws IOException {
    socket.close();
    backend.close();
  }

  @Test
  void its_end_is_found_by_id() {
    try (var found = backend.fromId(ID)) {
      assertThat(found.poll()).contains(new ExitStatus(125, ExitReason.FAILED));
      assertThat(found.spec().labels().name()).contains("db");
    }
  }

  @Test
  void nothing_is_found_by_name() {
    assertThatExceptionOfType(SandboxNotFoundException.class)
        .isThrownBy(() -> backend.fromName("app", "db"))
        .withMessageContaining("db");
  }

  /** Whoever connects sees the connection end before it was greeted. */
  private void hangUp() {
    try {
      while (true) {
        socket.accept().close();
      }
    } catch (IOException e) {
      // The test is over.
    }
  }

  private Settings settings() {
    var properties = new HashMap<String, String>();
    System.getProperties()
        .stringPropertyNames()
        .forEach(n -> properties.put(n, System.getProperty(n)));
    properties.put("java.io.tmpdir", host.toString());
    properties.put("sandboxed.records", host.resolve("records").toString());
    return Settings.of(properties, Map.of());
  }
}
