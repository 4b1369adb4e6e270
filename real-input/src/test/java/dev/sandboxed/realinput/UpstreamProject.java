package dev.sandboxed.realinput;

import java.util.ArrayList;
import java.util.List;

/**
 * A project that nobody here wrote.
 *
 * @param name what it is called here
 * @param testsAtLeast as many tests as it must have
 * @param exceptions tests whose result may be another one inside
 */
record UpstreamProject(
    String name, Suite suite, int testsAtLeast, List<KnownException> exceptions) {

  /** Why a test may have another result. */
  enum Cause {
    /** It expects that two moments are near each other, which a busy machine does not promise. */
    TIME,
    /** It fails as root, as which all runs inside. No exception where root runs the host's, too. */
    ROOT
  }

  /**
   * Tests whose result may be another one inside.
   *
   * @param tests how their names begin
   * @param reason for people
   */
  record KnownException(String tests, Cause cause, String reason) {
    private boolean covers(String difference) {
      return difference.startsWith(tests) && (cause == Cause.TIME || !isRoot());
    }

    private static boolean isRoot() {
      return System.getProperty("user.name").equals("root");
    }
  }

  UpstreamProject {
    exceptions = List.copyOf(exceptions);
  }

  UpstreamProject(String name, Suite suite, int testsAtLeast) {
    this(name, suite, testsAtLeast, List.of());
  }

  UpstreamProject except(String tests, Cause cause, String reason) {
    var all = new ArrayList<>(exceptions);
    all.add(new KnownException(tests, cause, reason));
    return new UpstreamProject(name, suite, testsAtLeast, all);
  }

  /** Returns whether it is known that a test may differ. */
  boolean isKnown(String difference) {
    return exceptions.stream().anyMatch(exception -> exception.covers(difference));
  }
}
