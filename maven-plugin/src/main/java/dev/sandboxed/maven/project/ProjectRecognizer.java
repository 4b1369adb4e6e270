package dev.sandboxed.maven.project;

import java.util.List;
import java.util.Optional;

/** Recognises projects by their files. */
public final class ProjectRecognizer {
  private final List<Ecosystem> ecosystems;

  /**
   * Makes a recogniser.
   *
   * @param caches where the host's build tools keep what they downloaded
   */
  public ProjectRecognizer(HostCaches caches) {
    ecosystems =
        List.of(
            new MavenEcosystem(caches),
            new NpmEcosystem(caches),
            new PythonEcosystem(),
            new GoEcosystem(caches),
            new RustEcosystem(caches),
            new MakeEcosystem());
  }

  /**
   * Looks what a checkout is.
   *
   * @param checkout the project's files
   * @return everything it may be, the likeliest first; empty if it is nothing known
   */
  public List<Recognition> recognise(Checkout checkout) {
    return ecosystems.stream().map(e -> e.recognise(checkout)).flatMap(Optional::stream).toList();
  }
}
