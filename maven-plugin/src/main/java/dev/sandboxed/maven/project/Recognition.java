package dev.sandboxed.maven.project;

import java.util.List;

/**
 * A project that was recognised.
 *
 * @param name what it is, such as {@code Maven}
 * @param evidence the file that says so
 * @param caches what its tools need of the host
 * @param planner makes the plan, once there is a sandbox to look into
 */
public record Recognition(String name, String evidence, List<CacheMount> caches, Planner planner) {

  /** Copies the list. */
  public Recognition {
    caches = List.copyOf(caches);
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
