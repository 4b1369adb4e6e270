package dev.sandboxed.benchmarks;

import java.util.Arrays;
import java.util.List;

/**
 * What was measured, one value a round.
 *
 * @param name what was measured
 * @param unit the unit of the values
 * @param values the values in the order they were taken
 */
record Samples(String name, String unit, List<Double> values) {
  Samples {
    values = List.copyOf(values);
  }

  double median() {
    return quantile(0.5);
  }

  /** Returns the value that the worse 5 percent are beyond; for a rate, worse is lower. */
  double worst5Percent() {
    return unit.endsWith("/s") ? quantile(0.05) : quantile(0.95);
  }

  /** Returns the value that the worst percent are beyond. */
  double worst1Percent() {
    return unit.endsWith("/s") ? quantile(0.01) : quantile(0.99);
  }

  private double quantile(double q) {
    var sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    var position = q * (sorted.length - 1);
    var below = (int) Math.floor(position);
    var above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
  }
}
