package dev.sandboxed.maven.report;

import java.util.List;
import java.util.Locale;
import javax.xml.stream.XMLStreamException;

/** Draws when each command of a run was at work. */
final class Timeline {
  private static final int WIDTH = 1_000;
  private static final int NAMES = 220;
  private static final int TIMES = 70;
  private static final int ROW = 24;
  private static final int MAX_NAME = 32;

  private Timeline() {}

  static void write(RunReport run, HtmlWriter html) throws XMLStreamException {
    var end =
        run.steps().stream()
            .mapToLong(s -> s.began().plus(s.duration()).toMillis())
            .max()
            .orElse(0);
    var scale = (double) (WIDTH - NAMES - TIMES) / Math.max(1, end);
    html.text("h2", "Timeline");
    html.within(
        "svg",
        List.of(
            "viewBox", "0 0 %d %d".formatted(WIDTH, run.steps().size() * ROW),
            "role", "img",
            "aria-label", "When each command was at work"),
        () -> {
          for (var i = 0; i < run.steps().size(); i++) {
            row(run.steps().get(i), i * ROW, scale, html);
          }
        });
  }

  private static void row(StepReport step, int top, double scale, HtmlWriter html)
      throws XMLStreamException {
    var left = NAMES + step.began().toMillis() * scale;
    var width = Math.max(1, step.duration().toMillis() * scale);
    var baseline = Integer.toString(top + ROW - 8);
    html.within("text", List.of("x", "0", "y", baseline), () -> html.text(cut(step.name())));
    html.empty(
        "rect",
        "class",
        step.status().isSuccess() ? "good" : "bad",
        "x",
        number(left),
        "y",
        Integer.toString(top + 4),
        "width",
        number(width),
        "height",
        Integer.toString(ROW - 8));
    html.within(
        "text",
        List.of("x", number(left + width + 6), "y", baseline),
        () -> html.text(HtmlWriter.seconds(step.duration())));
  }

  private static String cut(String name) {
    return name.codePointCount(0, name.length()) <= MAX_NAME
        ? name
        : name.substring(0, name.offsetByCodePoints(0, MAX_NAME - 1)) + "…";
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
