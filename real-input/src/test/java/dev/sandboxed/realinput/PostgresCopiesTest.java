package dev.sandboxed.realinput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandboxed.Image;
import dev.sandboxed.MemorySnapshot;
import dev.sandboxed.ReadinessProbe;
import dev.sandboxed.Sandbox;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two hundred copies of one PostgreSQL that was booted once: each answers, none sees what another
 * has written, what they draw by chance differs, and nothing of them stays.
 */
@Timeout(value = 40, unit = TimeUnit.MINUTES)
class PostgresCopiesTest {
  private static final int COPIES = 200;
  private static final int WAVE = 20;

  /** What may be missing of the machine's memory afterwards, for whatever else it does. */
  private static final long SLACK_KIB = 512 << 10;

  private static final Image POSTGRES = Image.debian("bookworm").aptInstall("postgresql");

  private static final String START =
      """
      set -eu
      read -r version cluster rest < <(pg_lsclusters --no-header)
      pg_ctlcluster "$version" "$cluster" start
      psql --quiet --command "alter user postgres password 'open sesame'"
      psql --quiet --command 'create table visit (who varchar)'
      """;

  /** What a copy has said of itself. */
  private record Answer(String uuid, String host, String entropy, String identity) {}

  @Test
  void allAnswerAndNoneLeavesAnything() throws Exception {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/mmdebstrap")),
        "mmdebstrap, which builds base systems of Debian, is not on this machine;"
            + " .ci/install-packages installs it");
    try (var source = booted()) {
      var snapshot = source.snapshot();
      try {
        var before = availableKib();
        var answers = answersOfCopies(snapshot);
        assertThat(answers).hasSize(COPIES);
        assertThat(answers.stream().map(Answer::uuid)).doesNotHaveDuplicates();
        assertThat(answers.stream().map(Answer::host)).doesNotHaveDuplicates();
        assertThat(answers.stream().map(Answer::entropy)).doesNotHaveDuplicates();
        assertThat(new HashSet<>(answers.stream().map(Answer::identity).toList())).hasSize(1);
        Awaitility.await()
            .atMost(Duration.ofMinutes(1))
            .untilAsserted(() -> assertThat(availableKib()).isGreaterThan(before - SLACK_KIB));
      } finally {
        snapshot.remove();
      }
    }
  }

  private static Sandbox booted() {
    var sandbox =
        Sandbox.builder()
            .image(POSTGRES)
            .readyWhen(ReadinessProbe.tcp(5432))
            .timeout(Duration.ofMinutes(30))
            .create();
    var start = sandbox.exec("bash", "-c", START).user("postgres").workdir("/").await();
    assertThat(start.exitCode()).as(start.stderr()).isZero();
    sandbox.waitUntilReady();
    return sandbox;
  }

  private static List<Answer> answersOfCopies(MemorySnapshot snapshot) throws Exception {
    var answers = new ArrayList<Answer>();
    var executor = Executors.newFixedThreadPool(WAVE);
    try {
      for (var first = 0; first < COPIES; first += WAVE) {
        for (var answer : wave(snapshot, first, executor)) {
          answers.add(answer.get());
        }
      }
    } finally {
      executor.shutdownNow();
    }
    return answers;
  }

  private static List<Future<Answer>> wave(
      MemorySnapshot snapshot, int first, ExecutorService executor) {
    return IntStream.range(first, first + WAVE)
        .mapToObj(number -> executor.submit(() -> ask(snapshot, number)))
        .toList();
  }

  private static Answer ask(MemorySnapshot snapshot, int number) throws SQLException {
    try (var copy = snapshot.start();
        var database = connect(copy);
        var statement = database.createStatement()) {
      statement.execute("insert into visit values ('copy " + number + "')");
      try (var row =
          statement.executeQuery(
              "select gen_random_uuid(), (select string_agg(who, ',') from visit),"
                  + " (select system_identifier from pg_control_system())")) {
        row.next();
        assertThat(row.getString(2)).isEqualTo("copy " + number);
        var description = copy.files().readText("/run/sandboxed/copy.json");
        return new Answer(
            row.getString(1),
            copy.exec("uname", "-n").await().stdout(),
            description.replaceAll("(?s).*\"entropy\":\"([0-9a-f]{64})\".*", "$1"),
            row.getString(3));
      }
    }
  }

  private static Connection connect(Sandbox sandbox) throws SQLException {
    var properties = new Properties();
    properties.setProperty("user", "postgres");
    properties.setProperty("password", "open sesame");
    var address = sandbox.tunnel(5432).address();
    return DriverManager.getConnection(
        "jdbc:postgresql://%s:%d/postgres".formatted(address.getHostString(), address.getPort()),
        properties);
  }

  private static long availableKib() throws java.io.IOException {
    return Files.readAllLines(Path.of("/proc/meminfo")).stream()
        .filter(line -> line.startsWith("MemAvailable:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D+", "")))
        .findFirst()
        .orElseThrow();
  }
}
