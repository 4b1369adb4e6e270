package dev.sandboxed;

/**
 * What a {@link SandboxPool} has done so far.
 *
 * @param prepared sandboxes that were started ahead and answered
 * @param hits sandboxes that were waiting when they were acquired
 * @param late sandboxes that were still starting when they were acquired
 * @param misses sandboxes that had to be created when they were acquired, or that cannot be
 *     prepared ahead
 * @param discarded sandboxes that were prepared and ended without having been used
 */
public record PoolStatistics(long prepared, long hits, long late, long misses, long discarded) {

  /**
   * Returns how many were acquired.
   *
   * @return hits, late ones and misses
   */
  public long acquired() {
    return hits + late + misses;
  }

  /**
   * Returns which part of the acquired ones was waiting.
   *
   * @return from 0 to 1; 0 if none was acquired
   */
  public double hitRate() {
    return acquired() == 0 ? 0 : (double) hits / acquired();
  }
}
