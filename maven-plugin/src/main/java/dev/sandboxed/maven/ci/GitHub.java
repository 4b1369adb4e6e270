package dev.sandboxed.maven.ci;

import dev.sandboxed.maven.report.Finding;
import dev.sandboxed.maven.report.Finding.Level;
import dev.sandboxed.maven.report.Finding.Place;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** GitHub Actions: its workflow commands are lines of the log that begin with two colons. */
final class GitHub implements CiServer {
  /** As many of a level as GitHub shows of a step. */
  private static final int MAX_OF_LEVEL = 10;

  private final PrintStream log;
  private final Optional<Path> workspace;

  GitHub(PrintStream log, String workspace) {
    this.log = log;
    this.workspace =
        workspace.isEmpty()
            ? Optional.empty()
            : Optional.of(Path.of(workspace).toAbsolutePath().normalize());
  }

  @Override
  public Fold fold(String title) {
    var token = Tokens.next();
    // What is shown is harmless already; if a way around that was found, it would find no ear.
    say("::group::" + data(title));
    say("::stop-commands::" + token);
    var open = new AtomicBoolean(true);
    return () -> {
      if (open.getAndSet(false)) {
        say("::" + token + "::");
        say("::endgroup::");
      }
    };
  }

  @Override
  public void annotate(List<Finding> findings, Path checkout) {
    for (var level : Level.values()) {
      findings.stream()
          .filter(f -> f.level() == level)
          .limit(MAX_OF_LEVEL)
          .forEach(f -> say(command(f, checkout)));
    }
  }

  private String command(Finding finding, Path checkout) {
    var title = finding.rule().isEmpty() ? finding.tool() : finding.tool() + ": " + finding.rule();
    var command = new StringBuilder("::");
    command.append(
        switch (finding.level()) {
          case ERROR -> "error";
          case WARNING -> "warning";
          case NOTE -> "notice";
        });
    command.append(" title=").append(property(title));
    finding
        .place()
        .flatMap(place -> inWorkspace(place, checkout))
        .ifPresent(
            place -> {
              command.append(",file=").append(property(place.path()));
              if (place.line() > 0) {
                command.append(String.format(Locale.ROOT, ",line=%d", place.line()));
              }
            });
    var message = finding.message().isEmpty() ? title : finding.message();
    return command.append("::").append(data(message)).toString();
  }

  /** GitHub knows the files of its workspace only. */
  private Optional<Place> inWorkspace(Place place, Path checkout) {
    var file = checkout.toAbsolutePath().normalize().resolve(place.path()).normalize();
    return workspace
        .filter(file::startsWith)
        .map(w -> new Place(w.relativize(file).toString(), place.line()));
  }

  private static String data(String text) {
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A");
  }

  private static String property(String text) {
    return data(text).replace(":", "%3A").replace(",", "%2C");
  }

  private void say(String line) {
    log.println(line);
    log.flush();
  }
}
