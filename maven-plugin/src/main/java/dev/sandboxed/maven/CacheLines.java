package dev.sandboxed.maven;

import dev.sandboxed.ByteSize;
import dev.sandboxed.SettledStep.Source;
import dev.sandboxed.maven.report.CacheUse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Says at the end of a run where what it started from came from. */
final class CacheLines {
  private static final int MAX_LINES = 5;
  private static final long KIBI = 1024;

  private CacheLines() {}

  /** Returns a line for each part; none if nothing is kept for the run. */
  static List<String> of(RunResult result) {
    var end = result.began().plus(result.duration());
    var lines = new ArrayList<String>();
    result.caches().stream().limit(MAX_LINES).forEach(use -> lines.add(line(use, end)));
    if (result.caches().size() > MAX_LINES) {
      lines.add("  and %,d more, see summary.json".formatted(result.caches().size() - MAX_LINES));
    }
    return lines;
  }

  private static String line(CacheUse use, Instant end) {
    var part =
        switch (use.part()) {
          case INSTALLATION -> "Installation";
          case IMAGE -> "Image";
        };
    var source =
        switch (use.source()) {
          case MADE -> "made anew";
          case KEPT -> "kept from before";
          case WAITED -> "made by another build, which was waited for";
        };
    var text =
        new StringBuilder("%s: %s, %s, key %s".formatted(part, use.name(), source, use.key()));
    if (use.source() == Source.KEPT) {
      use.made().ifPresent(made -> text.append(", made ").append(age(made, end)).append(" ago"));
    }
    use.size().ifPresent(size -> text.append(", ").append(shown(size)));
    return text.toString();
  }

  private static String age(Instant made, Instant end) {
    var age = made.isBefore(end) ? Duration.between(made, end) : Duration.ZERO;
    if (age.toHours() < 2) {
      return age.toMinutes() < 2 ? age.toSeconds() + " s" : age.toMinutes() + " min";
    }
    return age.toDays() < 2 ? age.toHours() + " h" : age.toDays() + " days";
  }

  private static String shown(ByteSize size) {
    if (size.bytes() < KIBI * KIBI) {
      return "%,d KiB".formatted((size.bytes() + KIBI - 1) / KIBI);
    }
    return String.format(Locale.ROOT, "%,.1f MiB", size.bytes() / (double) (KIBI * KIBI));
  }
}
