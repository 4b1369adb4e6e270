package dev.sandboxed.junit;

import dev.sandboxed.Durations;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.ReadinessProbe;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Reads {@link Probe @Probe}. */
final class DeclaredProbes {
  private DeclaredProbes() {}

  /** Returns one probe, which succeeds when each of the declared ones has. */
  static ReadinessProbe read(List<Probe> declared) {
    var probes = declared.stream().map(DeclaredProbes::read).toArray(ReadinessProbe[]::new);
    return probes.length == 1 ? probes[0] : ReadinessProbe.allOf(probes);
  }

  /** Shows the annotations as one would write them, as far as they say what is tried. */
  static String describe(List<Probe> declared) {
    return declared.stream()
        .map(p -> "@Probe(" + String.join(", ", kinds(p)) + ")")
        .collect(Collectors.joining(", "));
  }

  private static ReadinessProbe read(Probe probe) {
    if (kinds(probe).size() != 1) {
      throw new InvalidSpecException(
          "%s has %d of tcp, http, exec and log; give it exactly one, and use several @Probe for several"
              .formatted(describe(List.of(probe)), kinds(probe).size()));
    }
    if (probe.http() == 0 && (!probe.path().isEmpty() || probe.status() != 0)) {
      throw new InvalidSpecException(
          "%s has a path or a status, which only http has".formatted(describe(List.of(probe))));
    }
    var interval = time(probe.interval(), ReadinessProbe.DEFAULT_INTERVAL);
    var attempt = time(probe.attemptTimeout(), ReadinessProbe.DEFAULT_ATTEMPT_TIMEOUT);
    if (probe.tcp() != 0) {
      return new ReadinessProbe.Tcp(probe.tcp(), interval, attempt);
    }
    if (probe.http() != 0) {
      var path = probe.path().isEmpty() ? "/" : probe.path();
      return new ReadinessProbe.Http(probe.http(), path, probe.status(), interval, attempt);
    }
    return probe.exec().length > 0
        ? new ReadinessProbe.Exec(Arrays.asList(probe.exec()), interval, attempt)
        : ReadinessProbe.log(probe.log());
  }

  private static List<String> kinds(Probe probe) {
    return Stream.of(
            probe.tcp() == 0 ? "" : "tcp = " + probe.tcp(),
            probe.http() == 0 ? "" : "http = " + probe.http(),
            probe.exec().length == 0
                ? ""
                : "exec = \"%s\"".formatted(String.join(" ", probe.exec())),
            probe.log().isEmpty() ? "" : "log = \"%s\"".formatted(probe.log()))
        .filter(k -> !k.isEmpty())
        .toList();
  }

  private static Duration time(String text, Duration otherwise) {
    return text.isEmpty() ? otherwise : Durations.parse(text);
  }
}
