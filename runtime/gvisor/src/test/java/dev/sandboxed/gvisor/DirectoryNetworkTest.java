package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxNetwork;
import dev.sandboxed.core.binaries.ProcessIdentity;
import dev.sandboxed.core.binaries.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryNetworkTest {
  @TempDir Path temporary;
  private final List<SandboxNetwork> closed = new ArrayList<>();
  private StateDirectory state;

  @BeforeEach
  void open() {
    state =
        StateDirectory.open(Settings.of(Map.of("java.io.tmpdir", temporary.toString()), Map.of()));
  }

  @Test
  void is_a_directory_of_the_users_own_until_it_is_closed() throws IOException {
    var network = DirectoryNetwork.create(state, closed::add);
    var directory = network.directory("db");
    assertThat(directory).isEqualTo(state.path().resolve(network.id())).isDirectory();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
        .isEqualTo("rwx------");
    Files.writeString(directory.resolve("db.sock"), "");

    network.close();
    network.close();
    assertThat(directory).doesNotExist();
    assertThat(closed).containsExactly(network);
    assertThatExceptionOfType(SandboxException.class)
        .isThrownBy(() -> network.directory("db"))
        .withMessage(
            "The network %s is closed, so the sandbox \"db\" cannot join it; create another"
                .formatted(network.id()));
  }

  @Test
  void a_name_whose_socket_would_have_too_long_a_path_is_refused() {
    var network = DirectoryNetwork.create(state, closed::add);
    var room = 107 - network.directory("a").resolve(".sock").toString().length();
    if (room >= 63) {
      assertThat(network.directory("a".repeat(63))).isDirectory();
      return;
    }
    assertThat(network.directory("a".repeat(room))).isDirectory();
    var longer = "a".repeat(room + 1);
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(() -> network.directory(longer))
        .withMessage(
            "The name \"%s\" is too long for a sandbox in the network %s: use %d characters at most"
                .formatted(longer, network.id(), room));
  }

  @Test
  void a_sweep_keeps_what_is_in_use_and_removes_what_a_killed_process_left() throws Exception {
    var living = DirectoryNetwork.create(state, closed::add);
    var left = DirectoryNetwork.create(state, closed::add).directory("a");
    Files.writeString(left.resolve("a.sock"), "");
    Files.writeString(left.resolve("owner"), identityOfAnEndedProcess().toString());
    var elsewhere = DirectoryNetwork.create(state, closed::add).directory("a");
    Files.writeString(elsewhere.resolve("owner"), "pid:[1] 4 5");
    var halfMade = Files.createDirectory(state.path().resolve("net-new"));
    var halfMadeLongAgo = Files.createDirectory(state.path().resolve("net-old"));
    Files.setLastModifiedTime(halfMadeLongAgo, FileTime.from(Instant.now().minusSeconds(60)));
    var notOurs = Files.createDirectory(state.path().resolve("sb-1"));

    DirectoryNetwork.sweep(state);
    assertThat(living.directory("a")).isDirectory();
    assertThat(left).doesNotExist();
    assertThat(elsewhere).isDirectory();
    assertThat(halfMade).isDirectory();
    assertThat(halfMadeLongAgo).doesNotExist();
    assertThat(notOurs).isDirectory();
  }

  @Test
  void a_process_with_the_number_of_an_earlier_one_is_another() throws IOException {
    var own = ProcessIdentity.own();
    assertThat(own.mayLive()).isTrue();
    assertThat(ProcessIdentity.parse(own.toString())).contains(own);
    assertThat(new ProcessIdentity(own.namespace(), own.pid(), own.start() + 1).mayLive())
        .isFalse();
    assertThat(ProcessIdentity.parse("")).isEmpty();
    assertThat(ProcessIdentity.parse("pid:[1] x 1")).isEmpty();
  }

  @Test
  void a_network_of_another_backend_is_refused() {
    var foreign =
        new SandboxNetwork() {
          @Override
          public String id() {
            return "net-of-another";
          }

          @Override
          public void close() {}
        };
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(() -> Sandbox.builder().join(foreign, "db").create())
        .withMessage(
            "The network net-of-another was made by another backend; create it with that of its"
                + " sandboxes");
  }

  private static ProcessIdentity identityOfAnEndedProcess() throws Exception {
    var process = new ProcessBuilder("true").start();
    process.waitFor();
    return new ProcessIdentity(ProcessIdentity.own().namespace(), process.pid(), 1);
  }
}
