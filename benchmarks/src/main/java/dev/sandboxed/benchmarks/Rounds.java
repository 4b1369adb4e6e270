package dev.sandboxed.benchmarks;

import java.util.ArrayList;
import java.util.List;

/** Takes several measurements in turn, round by round, the order turned about each time. */
final class Rounds {
  private final String unit;
  private final List<Row> rows = new ArrayList<>();

  Rounds(String unit) {
    this.unit = unit;
  }

  /** What is measured; returns one value. */
  @FunctionalInterface
  interface Measurement {
    double take() throws Exception;
  }

  private record Row(String name, Measurement measurement, List<Double> values) {}

  Rounds measure(String name, Measurement measurement) {
    rows.add(new Row(name, measurement, new ArrayList<>()));
    return this;
  }

  /** Runs the measurements so often, after some rounds that do not count. */
  List<Samples> run(int warmups, int rounds) throws Exception {
    var order = new ArrayList<>(rows);
    for (var round = -warmups; round < rounds; round++) {
      for (var row : order) {
        var value = row.measurement().take();
        if (round >= 0) {
          row.values().add(value);
        }
      }
      order.add(order.remove(0));
    }
    return rows.stream().map(row -> new Samples(row.name(), unit, row.values())).toList();
  }
}
