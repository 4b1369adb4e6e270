package dev.sandboxed.maven;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/** Gives each of several directories that are run a directory of its own for its reports. */
final class ReportPlaces {
  private ReportPlaces() {}

  /**
   * A directory that is run, and where its reports go.
   *
   * @param checkout the directory
   * @param reports where its reports go
   */
  record ReportPlace(Path checkout, Path reports) {}

  /**
   * Finds them.
   *
   * @param reports where all reports go; those of a single directory are right there
   */
  static List<ReportPlace> of(List<Path> checkouts, Path reports) {
    if (checkouts.size() == 1) {
      return List.of(new ReportPlace(checkouts.get(0), reports));
    }
    var places = new ArrayList<ReportPlace>();
    var names = new HashSet<String>();
    for (var checkout : checkouts) {
      var name = String.valueOf(checkout.getFileName());
      var unique = name;
      for (var i = 2; !names.add(unique); i++) {
        unique = name + "-" + i;
      }
      places.add(new ReportPlace(checkout, reports.resolve(unique)));
    }
    return places;
  }
}
