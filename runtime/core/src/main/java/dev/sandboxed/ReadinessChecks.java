package dev.sandboxed;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/** The checks of readiness probes. Whether a log pattern is one is known where it is compiled. */
final class ReadinessChecks {
  private static final int MAX_PROBES = 16;
  private static final int MAX_GROUPS = 3;
  private static final int MAX_PATTERN_BYTES = 1000;
  private static final Duration MAX_TIME = Duration.ofHours(1);
  private static final Pattern PATH = Pattern.compile("/[!-~]{0,2047}");

  private final boolean hasCommand;
  private int probes;

  private ReadinessChecks(boolean hasCommand) {
    this.hasCommand = hasCommand;
  }

  /**
   * Checks a probe and those in it.
   *
   * @param hasCommand whether there is anything that prints lines
   */
  static void check(ReadinessProbe probe, boolean hasCommand) {
    var checks = new ReadinessChecks(hasCommand);
    checks.check(probe, MAX_GROUPS);
    SpecChecks.atMost("readiness probes", checks.probes, MAX_PROBES);
  }

  private void check(ReadinessProbe probe, int groupsLeft) {
    if (probe instanceof ReadinessProbe.AllOf all) {
      group(all.probes(), groupsLeft);
    } else if (probe instanceof ReadinessProbe.AnyOf any) {
      group(any.probes(), groupsLeft);
    } else {
      probes++;
      single(probe);
    }
  }

  private void group(List<ReadinessProbe> members, int groupsLeft) {
    if (members.isEmpty()) {
      throw new InvalidSpecException(
          "A group of readiness probes is empty; give allOf(...) and anyOf(...) one probe at"
              + " least");
    }
    if (groupsLeft == 0) {
      throw new InvalidSpecException(
          "The readiness probes are grouped more than %d levels deep; group them less"
              .formatted(MAX_GROUPS));
    }
    members.forEach(member -> check(member, groupsLeft - 1));
  }

  private void single(ReadinessProbe probe) {
    if (probe instanceof ReadinessProbe.Tcp tcp) {
      SpecChecks.port(tcp.port());
      times(tcp, tcp.interval(), tcp.attemptTimeout());
    } else if (probe instanceof ReadinessProbe.Http http) {
      http(http);
      times(http, http.interval(), http.attemptTimeout());
    } else if (probe instanceof ReadinessProbe.Exec exec) {
      SpecChecks.command(exec.command());
      SpecChecks.commandSize(exec.command());
      if (exec.command().isEmpty()) {
        throw new InvalidSpecException(
            "The command of a readiness probe is empty; name the program to run");
      }
      times(exec, exec.interval(), exec.attemptTimeout());
    } else if (probe instanceof ReadinessProbe.Log log) {
      log(log);
    }
  }

  private static void http(ReadinessProbe.Http http) {
    SpecChecks.port(http.port());
    if (!PATH.matcher(http.path()).matches()) {
      throw new InvalidSpecException(
          "\"%s\" is not a path of a readiness probe; write one such as /health, of at most 2,048 ASCII characters without spaces"
              .formatted(OutputTail.printable(http.path())));
    }
    if (http.status() != 0 && (http.status() < 200 || http.status() > 599)) {
      throw new InvalidSpecException(
          "%d is not a status that a readiness probe can wait for; use 200 to 599, or leave it out"
              .formatted(http.status()));
    }
  }

  private void log(ReadinessProbe.Log log) {
    if (!hasCommand) {
      throw new InvalidSpecException(
          "The readiness probe %s waits for what a command prints, and there is none; add command(...), or probe something else"
              .formatted(log));
    }
    var bytes = log.pattern().getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > MAX_PATTERN_BYTES) {
      throw new InvalidSpecException(
          "The pattern of the readiness probe %s has %,d bytes; use 1 to %,d"
              .formatted(log, bytes, MAX_PATTERN_BYTES));
    }
  }

  private static void times(ReadinessProbe probe, Duration interval, Duration attemptTimeout) {
    time(probe, "interval", interval);
    time(probe, "attempt timeout", attemptTimeout);
  }

  private static void time(ReadinessProbe probe, String what, Duration time) {
    if (time.compareTo(Duration.ofMillis(1)) < 0 || time.compareTo(MAX_TIME) > 0) {
      throw new InvalidSpecException(
          "The %s of the readiness probe %s is %s; it must be from 1 ms to 1 hour"
              .formatted(what, probe, time));
    }
  }
}
