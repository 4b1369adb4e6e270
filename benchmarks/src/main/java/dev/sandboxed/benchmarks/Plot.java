package dev.sandboxed.benchmarks;

import java.util.List;
import java.util.Locale;

/**
 * A picture of measurements that have a unit in common: for each a bar as long as its median, and a
 * line on to its worst 5 percent. As SVG, readable on light and dark pages alike.
 *
 * @param title what they have in common, which their names begin with
 * @param rows the measurements, from above
 */
record Plot(String title, List<Samples> rows) {
  private static final int WIDTH = 760;
  private static final int MARGIN = 16;
  private static final int ROW = 44;
  private static final int HEAD = 34;

  /** Room for the figure behind the longest bar. */
  private static final int FIGURE = 130;

  Plot {
    rows = List.copyOf(rows);
  }

  String svg() {
    var height = HEAD + rows.size() * ROW + MARGIN;
    var svg = new StringBuilder();
    svg.append(
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="%1$d" height="%2$d" viewBox="0 0 %1$d %2$d" \
        font-family="system-ui, sans-serif" font-size="13">
        <rect width="%1$d" height="%2$d" rx="6" fill="#ffffff"/>
        <text x="%3$d" y="22" font-weight="bold" fill="#1f2328">%4$s</text>
        """
            .formatted(WIDTH, height, MARGIN, escape(title)));
    for (var i = 0; i < rows.size(); i++) {
      svg.append(row(rows.get(i), HEAD + i * ROW));
    }
    return svg.append("</svg>\n").toString();
  }

  private String row(Samples row, int top) {
    var median = MARGIN + length(row.median());
    var worst = MARGIN + length(row.worst5Percent());
    return """
    <text x="%1$d" y="%2$d" fill="#1f2328">%3$s</text>
    <rect x="%1$d" y="%4$d" width="%5$d" height="12" rx="2" fill="%6$s"/>
    <line x1="%7$d" y1="%8$d" x2="%9$d" y2="%8$d" stroke="#1f2328" stroke-width="2"/>
    <text x="%10$d" y="%11$d" fill="#59636e">%12$s</text>
    """
        .formatted(
            MARGIN,
            top + 14,
            escape(label(row)),
            top + 20,
            Math.max(1, median - MARGIN),
            isOurs(row) ? "#2563eb" : "#9aa4b2",
            median,
            top + 26,
            worst,
            Math.max(median, worst) + 8,
            top + 31,
            escape(figure(row)));
  }

  private int length(double value) {
    var longest =
        rows.stream().mapToDouble(s -> Math.max(s.median(), s.worst5Percent())).max().orElse(1);
    return (int) Math.round(value / Math.max(longest, 1e-9) * (WIDTH - 2 * MARGIN - FIGURE));
  }

  private String label(Samples row) {
    var start = title + ": ";
    return row.name().startsWith(start) ? row.name().substring(start.length()) : row.name();
  }

  /** What is measured for comparison is named by what it is: bare gVisor, the host, other tools. */
  private static boolean isOurs(Samples row) {
    return List.of("bare", "runsc", "host", "reference", "umoci", "plain").stream()
        .noneMatch(row.name()::contains);
  }

  private static String figure(Samples row) {
    return String.format(
        Locale.ROOT, row.median() < 100 ? "%.1f %s" : "%.0f %s", row.median(), row.unit());
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
