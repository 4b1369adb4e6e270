package dev.sandboxed.maven.project;

import java.util.List;
import java.util.Optional;

/**
 * A project that was recognised.
 *
 * @param name what it is, such as {@code Maven}
 * @param evidence the file that says so
 * @param keyFiles the manifests and lock files whose content decides what its {@link Phase#INSTALL}
 *     steps make, as paths in the project's directory; only those that are there
 * @param caches what its tools need of the host
 * @param planner makes the plan, once there is a sandbox to look into
 * @param warmUp how its build tool gets warm; empty if it has none, or that is not wanted
 */
public record Recognition(
    String name,
    String evidence,
    List<String> keyFiles,
    List<CacheMount> caches,
    Planner planner,
    Optional<WarmUp> warmUp) {

  /** Copies the lists. */
  public Recognition {
    keyFiles = List.copyOf(keyFiles);
    caches = List.copyOf(caches);
  }

  /**
   * Makes one whose build tool does not get warm.
   *
   * @param name what it is
   * @param evidence the file that says so
   * @param keyFiles what its installation depends on
   * @param caches what its tools need of the host
   * @param planner makes the plan
   */
  public Recognition(
      String name,
      String evidence,
      List<String> keyFiles,
      List<CacheMount> caches,
      Planner planner) {
    this(name, evidence, keyFiles, caches, planner, Optional.empty());
  }

  /** Makes the plan for a sandbox. */
  @FunctionalInterface
  public interface Planner {

    /**
     * Makes the plan.
     *
     * @param inside the sandbox it will run in
     * @return the plan
     */
    TestPlan plan(Inside inside);
  }
}
