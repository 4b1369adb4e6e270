package dev.sandboxed.maven.ci;

import dev.sandboxed.maven.report.Finding;
import java.nio.file.Path;
import java.util.List;

/** None that is known: it is told nothing. */
final class NoServer implements CiServer {

  @Override
  public Fold fold(String title) {
    return () -> {};
  }

  @Override
  public void annotate(List<Finding> findings, Path checkout) {
    // Nobody would understand.
  }
}
