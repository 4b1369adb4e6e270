package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Connection;
import dev.sandboxed.Connection.Protocol;
import dev.sandboxed.Connection.Verdict;
import dev.sandboxed.Secret;
import dev.sandboxed.SecretMask;
import dev.sandboxed.maven.report.NetworkAttempt;
import dev.sandboxed.maven.report.NetworkAttempt.During;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConnectionReportTest {

  @Test
  void nothing_tried_is_one_line_and_no_warning() {
    var report = report(List.of());
    assertThat(report.text()).isEqualTo("Nothing outside was tried to reach.\n");
    assertThat(report.warnings("target/sandbox")).isEmpty();
  }

  @Test
  void every_destination_is_a_line_and_only_refused_ones_are_warned_of() {
    var report =
        report(
            List.of(
                connection("example.org", 443, Verdict.CLOSED, "*.example.org", "", 10, 2000),
                connection("example.com", 443, Verdict.REFUSED, "", "no rule allows it", 0, 0),
                connection("example.net", 80, Verdict.FAILED, "", "nothing answers", 0, 0),
                connection("example.org", 443, Verdict.OPEN, "*.example.org", "", 0, 0),
                connection("example.com", 443, Verdict.REFUSED, "", "no rule allows it", 0, 0)));
    assertThat(report.text())
        .isEqualTo(
            """
            verdict	destination	times	bytes out	bytes in	reason	during
            allowed	tcp://example.org:443	2	10	2000	by the rule *.example.org	run
            refused	tcp://example.com:443	2	0	0	no rule allows it	run
            failed	tcp://example.net:80	1	0	0	nothing answers	run
            """);
    assertThat(report.warnings("target/sandbox"))
        .containsExactly(
            "The network policy refused 1 destination; allow what is needed with"
                + " -Dsandbox.network=…, see target/sandbox/network.txt:",
            "  tcp://example.com:443: no rule allows it");
  }

  @Test
  void what_the_installation_tried_is_told_apart_and_shows_no_secret() {
    var secret = "s3cr3t-t0ken-of-a-registry";
    var tried = connection(secret + ".example.com", 443, Verdict.REFUSED, "", "no " + secret, 0, 0);
    var report =
        new ConnectionReport(
            List.of(tried), List.of(tried), SecretMask.of(List.of(Secret.of("TOKEN", secret))));
    assertThat(report.text())
        .contains("refused\ttcp://***.example.com:443\t1\t0\t0\tno ***\tinstall\n")
        .contains("refused\ttcp://***.example.com:443\t1\t0\t0\tno ***\trun\n")
        .doesNotContain(secret);
    assertThat(report.attempts())
        .extracting(NetworkAttempt::during)
        .containsExactly(During.INSTALL, During.RUN);
    assertThat(report.warnings("x"))
        .hasSize(3)
        .contains("  tcp://***.example.com:443: no ***, while installing")
        .contains("  tcp://***.example.com:443: no ***");
  }

  @Test
  void a_flood_of_refusals_is_short_on_the_console() {
    var report =
        report(
            IntStream.rangeClosed(1, 500)
                .mapToObj(p -> connection("example.org", p, Verdict.REFUSED, "", "no", 0, 0))
                .toList());
    assertThat(report.warnings("x")).hasSize(12).endsWith("  and 490 more");
    assertThat(report.text().lines()).hasSize(501);
  }

  @Test
  void names_from_inside_are_harmless() {
    var report =
        report(
            List.of(
                connection("a\tb\n##vso[x]\u001b[2J", 1, Verdict.REFUSED, "", "::error::x", 0, 0)));
    assertThat(report.text().lines()).hasSize(2);
    assertThat(report.text()).doesNotContain("\u001b", "##vso");
  }

  @Test
  void is_written_beside_the_test_reports_and_removed_before_the_next_run(@TempDir Path target)
      throws Exception {
    var directory = ReportDirectory.open(target.resolve("sandbox"));
    var file = directory.write(report(List.of()));
    assertThat(file).isEqualTo(target.resolve("sandbox/network.txt")).isNotEmptyFile();
    ReportDirectory.open(target.resolve("sandbox"));
    assertThat(Files.exists(file)).isFalse();
  }

  private static ConnectionReport report(List<Connection> tried) {
    return new ConnectionReport(List.of(), tried, SecretMask.of(List.of()));
  }

  private static Connection connection(
      String host, int port, Verdict verdict, String rule, String message, long out, long in) {
    return new Connection(
        Instant.EPOCH,
        Protocol.TCP,
        Optional.of(host),
        Optional.empty(),
        port,
        verdict,
        Optional.of(rule).filter(r -> !r.isEmpty()),
        message,
        out,
        in,
        1);
  }
}
