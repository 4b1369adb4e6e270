package dev.sandboxed.benchmarks;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The pictures of a report: one for what has its name's beginning and its unit in common. */
final class Plots {
  private final Map<String, Plot> byName = new LinkedHashMap<>();

  Plots(List<Samples> all) {
    var groups = new LinkedHashMap<String, List<Samples>>();
    for (var samples : all) {
      groups.computeIfAbsent(name(samples), name -> new ArrayList<>()).add(samples);
    }
    groups.forEach(
        (name, rows) -> {
          // A single bar compares nothing.
          if (rows.size() > 1) {
            byName.put(name, new Plot(title(rows.get(0)), rows));
          }
        });
  }

  /** Writes them into a directory of their own, in the place of those that are there. */
  void write(Path directory) throws IOException {
    Files.createDirectories(directory);
    try (DirectoryStream<Path> old = Files.newDirectoryStream(directory, "*.svg")) {
      for (var file : old) {
        Files.delete(file);
      }
    }
    for (var plot : byName.entrySet()) {
      Files.writeString(directory.resolve(plot.getKey()), plot.getValue().svg());
    }
  }

  /** Returns lines of Markdown that show them. */
  String markdown(String directory) {
    var text = new StringBuilder();
    byName.forEach(
        (name, plot) ->
            text.append("![%s](%s/%s)\n\n".formatted(alternative(plot), directory, name)));
    return text.toString();
  }

  private static String alternative(Plot plot) {
    return plot.title() + ", in " + plot.rows().get(0).unit() + ", as in the table";
  }

  private static String title(Samples samples) {
    var end = samples.name().indexOf(": ");
    return end < 0 ? samples.name() : samples.name().substring(0, end);
  }

  private static String name(Samples samples) {
    var unit = samples.unit().isEmpty() ? "count" : samples.unit();
    return (title(samples) + "-" + unit)
            .toLowerCase(Locale.ROOT)
            .replaceAll("[^a-z0-9]+", "-")
            .replaceAll("-$", "")
        + ".svg";
  }
}
