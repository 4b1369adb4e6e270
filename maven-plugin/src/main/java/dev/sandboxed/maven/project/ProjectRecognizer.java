package dev.sandboxed.maven.project;

import dev.sandboxed.InvalidSpecException;
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
    this(caches, HostTools.NONE, false);
  }

  /**
   * Makes a recogniser that finds other tools of Java for projects that need them.
   *
   * @param caches where the host's build tools keep what they downloaded
   * @param tools the tools that there are
   * @param warm whether build tools get warm that can; what they need is then installed apart,
   *     whatever the host has
   */
  public ProjectRecognizer(HostCaches caches, HostTools tools, boolean warm) {
    ecosystems =
        List.of(
            new MavenEcosystem(caches, tools, warm),
            new GradleEcosystem(caches),
            new NodeEcosystem(caches),
            new ToxEcosystem(caches, true),
            new PythonEcosystem(caches),
            new ToxEcosystem(caches, false),
            new GoEcosystem(caches),
            new RustEcosystem(caches),
            new MakeEcosystem());
  }

  /**
   * Looks what a checkout is. What its {@code sandbox.yaml} decides is a part of the first.
   *
   * @param checkout the project's files
   * @return everything it may be, the likeliest first; empty if it is nothing known
   * @throws InvalidSpecException if its {@code sandbox.yaml} says what it cannot mean
   */
  public List<Recognition> recognise(Checkout checkout) {
    var found =
        ecosystems.stream().map(e -> e.recognise(checkout)).flatMap(Optional::stream).toList();
    return SandboxFile.read(checkout).map(file -> file.over(checkout, found)).orElse(found);
  }
}
