package dev.sandboxed.maven;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Rows for people to read, in columns below a header.
 *
 * @param header what is above each column
 * @param rows as many cells each
 */
record TextTable(List<String> header, List<List<String>> rows) {
  private static final int MAX_CELL = 60;

  TextTable {
    header = List.copyOf(header);
    rows = List.copyOf(rows);
  }

  void show(Console console) {
    var all = new ArrayList<List<String>>();
    all.add(header);
    all.addAll(rows);
    var widths = new int[header.size()];
    for (var row : all) {
      for (var i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (var row : all) {
      var line = new StringBuilder();
      for (var i = 0; i < widths.length; i++) {
        line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
      }
      console.info(line.toString().stripTrailing());
    }
  }

  /** Makes a cell of text from anywhere: harmless, and not too long. */
  static String cell(String text) {
    var safe = SafeText.line(text);
    var cut = safe.length() > MAX_CELL ? safe.substring(0, MAX_CELL - 1) + "…" : safe;
    return cut.isEmpty() ? "-" : cut;
  }

  /** Makes a cell of a time, to the second, minute or hour. */
  static String cell(Duration time) {
    var seconds = Math.max(0, time.toSeconds());
    if (seconds < 60) {
      return seconds + "s";
    }
    return seconds < 3600
        ? "%dm%02ds".formatted(seconds / 60, seconds % 60)
        : "%dh%02dm".formatted(seconds / 3600, seconds / 60 % 60);
  }
}
