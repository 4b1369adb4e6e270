package dev.sandboxed.maven;

import dev.sandboxed.Connection;
import dev.sandboxed.Connection.Protocol;
import dev.sandboxed.Connection.Verdict;
import dev.sandboxed.SecretMask;
import dev.sandboxed.maven.report.NetworkAttempt;
import dev.sandboxed.maven.report.NetworkAttempt.During;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The destinations that a sandbox tried to reach: one line each, safe to print. */
final class ConnectionReport {
  private static final int MAX_WARNINGS = 10;

  private final Map<Destination, Total> destinations = new LinkedHashMap<>();

  /**
   * Makes it.
   *
   * @param install what the installation tried
   * @param run what tests and linters tried
   * @param mask hides secrets
   */
  ConnectionReport(List<Connection> install, List<Connection> run, SecretMask mask) {
    install.forEach(c -> add(c, During.INSTALL, mask));
    run.forEach(c -> add(c, During.RUN, mask));
  }

  private void add(Connection c, During during, SecretMask mask) {
    destinations.merge(
        Destination.of(c, during, mask),
        new Total(c.count(), c.bytesOut(), c.bytesIn()),
        Total::plus);
  }

  /** Returns a table of all; a single line if there are none. */
  String text() {
    if (destinations.isEmpty()) {
      return "Nothing outside was tried to reach.\n";
    }
    var text =
        new StringBuilder("verdict\tdestination\ttimes\tbytes out\tbytes in\treason\tduring\n");
    destinations.forEach(
        (destination, total) ->
            text.append(
                "%s\t%s\t%d\t%d\t%d\t%s\t%s\n"
                    .formatted(
                        destination.verdict(),
                        destination.name(),
                        total.count(),
                        total.bytesOut(),
                        total.bytesIn(),
                        destination.reason(),
                        destination.during())));
    return text.toString();
  }

  /** Returns all, in the order they were first tried. */
  List<NetworkAttempt> attempts() {
    return destinations.entrySet().stream()
        .map(
            entry ->
                new NetworkAttempt(
                    entry.getKey().verdict(),
                    entry.getKey().name(),
                    entry.getValue().count(),
                    entry.getValue().bytesOut(),
                    entry.getValue().bytesIn(),
                    entry.getKey().reason(),
                    entry.getKey().during()))
        .toList();
  }

  /** Returns what to say on the console: something only if something was refused. */
  List<String> warnings(String directory) {
    var refused = destinations.keySet().stream().filter(Destination::isRefused).toList();
    if (refused.isEmpty()) {
      return List.of();
    }
    var lines = new ArrayList<String>();
    lines.add(
        "The network policy refused %,d %s; allow what is needed with -Dsandbox.network=…, see %s/%s:"
            .formatted(
                refused.size(),
                refused.size() == 1 ? "destination" : "destinations",
                directory,
                ReportDirectory.CONNECTIONS));
    refused.stream()
        .limit(MAX_WARNINGS)
        .forEach(
            d ->
                lines.add(
                    "  %s: %s%s"
                        .formatted(
                            d.name(),
                            d.reason(),
                            d.during() == During.INSTALL ? ", while installing" : "")));
    if (refused.size() > MAX_WARNINGS) {
      lines.add("  and %,d more".formatted(refused.size() - MAX_WARNINGS));
    }
    return lines;
  }

  /** One line: everything is text that came from inside. */
  private record Destination(String verdict, String name, String reason, During during) {

    static Destination of(Connection connection, During during, SecretMask mask) {
      var reason =
          connection.message().isEmpty()
              ? connection.rule().map(r -> "by the rule " + r).orElse("")
              : connection.message();
      return new Destination(
          verdict(connection),
          cell(mask.apply(connection.destination())),
          cell(mask.apply(reason)),
          during);
    }

    boolean isRefused() {
      return verdict.equals("refused");
    }

    private static String verdict(Connection connection) {
      // An answered look-up is no refusal, and whether a connection is still open is of no
      // interest.
      return connection.verdict() == Verdict.OPEN || connection.verdict() == Verdict.CLOSED
          ? connection.protocol() == Protocol.DNS ? "resolved" : "allowed"
          : connection.verdict().name().toLowerCase(Locale.ROOT);
    }

    private static String cell(String text) {
      return SafeText.line(text).replace('\t', ' ');
    }
  }

  private record Total(long count, long bytesOut, long bytesIn) {

    Total plus(Total other) {
      return new Total(count + other.count, bytesOut + other.bytesOut, bytesIn + other.bytesIn);
    }
  }
}
