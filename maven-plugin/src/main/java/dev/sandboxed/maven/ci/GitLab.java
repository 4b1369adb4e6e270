package dev.sandboxed.maven.ci;

import dev.sandboxed.maven.report.Finding;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** GitLab CI: sections of the log. Findings it reads from a file. */
final class GitLab implements CiServer {
  private static final String ERASE = "\u001b[0K";
  private final PrintStream log;

  GitLab(PrintStream log) {
    this.log = log;
  }

  @Override
  public Fold fold(String title) {
    var name = "sandbox_" + Tokens.next();
    say(
        (ERASE + "section_start:%d:%s[collapsed=true]\r" + ERASE + "%s")
            .formatted(now(), name, title));
    var open = new AtomicBoolean(true);
    return () -> {
      if (open.getAndSet(false)) {
        say((ERASE + "section_end:%d:%s\r" + ERASE).formatted(now(), name));
      }
    };
  }

  @Override
  public void annotate(List<Finding> findings, Path checkout) {
    // GitLab reads them from the code quality report and the test reports.
  }

  private void say(String line) {
    log.println(line);
    log.flush();
  }

  private static long now() {
    return Instant.now().getEpochSecond();
  }
}
