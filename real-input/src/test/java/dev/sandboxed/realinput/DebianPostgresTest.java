package dev.sandboxed.realinput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandboxed.ExecResult;
import dev.sandboxed.Image;
import dev.sandboxed.Sandbox;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A base system of Debian, built from packages, with PostgreSQL installed by its own apt: the
 * server runs as the user that the package made, and the host reads what it has.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class DebianPostgresTest {
  /** What a user would write; built once, and kept in the user's own cache. */
  private static final Image POSTGRES = Image.debian("bookworm").aptInstall("postgresql");

  private static final String START =
      """
      set -eu
      read -r version cluster rest < <(pg_lsclusters --no-header)
      pg_ctlcluster "$version" "$cluster" start
      psql --quiet --command "alter user postgres password 'open sesame'"
      psql --quiet --command 'create table greeting (text varchar)'
      psql --quiet --command "insert into greeting values ('hello'), ('from inside')"
      """;

  @BeforeEach
  void needsItsTools() {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/mmdebstrap")),
        "mmdebstrap, which builds base systems of Debian, is not on this machine;"
            + " .ci/install-packages installs it");
  }

  @Test
  void runsAsItsOwnUserAndAnswersTheHost() throws SQLException {
    try (var sandbox = postgres()) {
      var start = sandbox.exec("bash", "-c", START).user("postgres").workdir("/").await();
      assertThat(start.exitCode()).as(start.stderr()).isZero();

      assertThat(
              run(
                  sandbox,
                  "sh",
                  "-c",
                  "stat -c %U /proc/$(head -n 1 /var/lib/postgresql/*/main/postmaster.pid)"))
          .isEqualTo("postgres\n");
      assertThat(run(sandbox, "sh", "-c", "stat -c '%U %a' /var/lib/postgresql/*/main"))
          .isEqualTo("postgres 700\n");
      assertThat(greetings(sandbox)).containsExactly("hello", "from inside");
    }
  }

  @Test
  void eachSandboxStartsFromTheSameCleanSystem() {
    try (var first = postgres();
        var second = postgres()) {
      run(first, "sh", "-c", "rm -rf /var/lib/postgresql /etc/apt/sources.list");

      assertThat(run(second, "sh", "-c", "ls /var/lib/postgresql/*/main/PG_VERSION")).isNotEmpty();
      assertThat(run(second, "cat", "/etc/apt/sources.list"))
          .contains("[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http")
          .contains(" bookworm main");
      assertThat(run(second, "cat", "/etc/hosts")).contains("localhost");
      assertThat(
              run(
                  second,
                  "sh",
                  "-c",
                  "find /var/lib/apt/lists /var/cache/apt/archives -name '*.deb' -o -name"
                      + " '*Packages*' -o -name '*Release*'; test ! -s /etc/machine-id; test ! -e"
                      + " /etc/resolv.conf"))
          .isEmpty();
    }
  }

  private static Sandbox postgres() {
    return Sandbox.builder().image(POSTGRES).timeout(Duration.ofMinutes(10)).create();
  }

  private static List<String> greetings(Sandbox sandbox) throws SQLException {
    var properties = new Properties();
    properties.setProperty("user", "postgres");
    properties.setProperty("password", "open sesame");
    var greetings = new ArrayList<String>();
    var address = sandbox.tunnel(5432).address();
    try (var connection =
            DriverManager.getConnection(
                "jdbc:postgresql://%s:%d/postgres"
                    .formatted(address.getHostString(), address.getPort()),
                properties);
        var statement = connection.createStatement();
        var rows = statement.executeQuery("select text from greeting")) {
      while (rows.next()) {
        greetings.add(rows.getString(1));
      }
    }
    return greetings;
  }

  private static String run(Sandbox sandbox, String... command) {
    ExecResult result = sandbox.exec(command).await();
    assertThat(result.exitCode()).as(result.stderr()).isZero();
    return result.stdout();
  }
}
