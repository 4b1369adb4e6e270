package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Connection;
import dev.sandboxed.Connection.Protocol;
import dev.sandboxed.Connection.Verdict;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TriedConnectionsTest {

  @Test
  void nothingTriedIsNothingToTell() {
    assertThat(TriedConnections.describe(List.of())).isEmpty();
  }

  @Test
  void eachDestinationIsToldOnceRefusedOnesFirst() {
    assertThat(
            TriedConnections.describe(
                List.of(
                    tcp("example.org", 443, Verdict.CLOSED, ""),
                    tcp("example.com", 80, Verdict.FAILED, "no answer"),
                    tcp("example.net", 25, Verdict.REFUSED, "no rule allows it"),
                    tcp("example.org", 443, Verdict.CLOSED, ""),
                    tcp("example.net", 25, Verdict.REFUSED, "no rule allows it"))))
        .isEqualTo(
            """
            It tried to reach:
              refused tcp://example.net:25 (2 times): no rule allows it
              failed tcp://example.com:80: no answer
              closed tcp://example.org:443 (2 times)\
            """);
  }

  @Test
  void aFloodIsCutShort() {
    var many =
        IntStream.rangeClosed(1, 1000)
            .mapToObj(port -> tcp("example.org", port, Verdict.REFUSED, ""))
            .toList();
    assertThat(TriedConnections.describe(many).lines())
        .hasSize(32)
        .endsWith("  refused tcp://example.org:30", "  and 970 other destinations");
  }

  private static Connection tcp(String host, int port, Verdict verdict, String message) {
    return new Connection(
        Instant.EPOCH,
        Protocol.TCP,
        Optional.of(host),
        Optional.empty(),
        port,
        verdict,
        Optional.empty(),
        message,
        0,
        0,
        1);
  }
}
