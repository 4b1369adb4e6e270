package dev.sandboxed.benchmarks;

import java.util.Locale;

/**
 * A promise and what became of it.
 *
 * @param what the promise in words
 * @param unit the unit of both numbers, such as {@code x}
 * @param bound the promised number
 * @param atMost whether the bound is the highest allowed value, or else the lowest
 * @param measured what was measured
 */
record Aim(String what, String unit, double bound, boolean atMost, double measured) {

  static Aim atMost(String what, String unit, double bound, double measured) {
    return new Aim(what, unit, bound, true, measured);
  }

  static Aim atLeast(String what, String unit, double bound, double measured) {
    return new Aim(what, unit, bound, false, measured);
  }

  boolean isMet() {
    return atMost ? measured <= bound : measured >= bound;
  }

  String wanted() {
    return String.format(Locale.ROOT, "%s %.4g %s", atMost ? "≤" : "≥", bound, unit);
  }

  String found() {
    return String.format(Locale.ROOT, "%.4g %s", measured, unit);
  }
}
