package dev.sandboxed.realinput;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A project that nobody here wrote.
 *
 * @param name what it is called here
 * @param testsAtLeast as many tests as it must have
 * @param exceptions tests whose result may be another one inside
 */
record UpstreamProject(
    String name, Suite suite, int testsAtLeast, List<KnownException> exceptions) {

  /**
   * Tests whose result may be another one inside, or at another time.
   *
   * @param tests how their names begin
   * @param reason for people
   */
  record KnownException(String tests, String reason) {
    private boolean covers(String difference) {
      return difference.startsWith(tests);
    }
  }

  UpstreamProject {
    exceptions = List.copyOf(exceptions);
  }

  UpstreamProject(String name, Suite suite, int testsAtLeast) {
    this(name, suite, testsAtLeast, List.of());
  }

  UpstreamProject except(String tests, String reason) {
    var all = new ArrayList<>(exceptions);
    all.add(new KnownException(tests, reason));
    return new UpstreamProject(name, suite, testsAtLeast, all);
  }

  /** Returns why a test may differ; empty if it may not. */
  Optional<String> reasonFor(String difference) {
    return exceptions.stream()
        .filter(exception -> exception.covers(difference))
        .map(KnownException::reason)
        .findFirst();
  }
}
