package dev.sandboxed.maven.report;

import dev.sandboxed.maven.report.Finding.Level;
import dev.sandboxed.maven.report.Finding.Place;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Reads what linters print for people: lines such as {@code a.py:3:1: F401 unused}, ESLint's lists
 * of a file, and the arrows of rustc and ruff. Thread-safe.
 *
 * <p>What it reads may be lies, and what it does not understand is passed over.
 */
public final class LintOutput {
  /** How many findings of a linter are kept. */
  public static final int MAX_FINDINGS = 1_000;

  private static final int MAX_LINE = 2_000;
  private static final int MAX_MESSAGE = 500;
  private static final int MAX_DIGITS = 7;
  private static final String NUMBER = "(\\d{1," + MAX_DIGITS + "})";
  private static final String FILE = "([^\\s:(][^:(]{0,400}\\.[A-Za-z]{1,5})";

  /** {@code a.py:3:1: F401 unused}, {@code a.py:3: error: No such [attr-defined]}. */
  private static final Pattern LINE =
      Pattern.compile("(?:vet: )?" + FILE + ":" + NUMBER + ":(?:" + NUMBER + ":?)? (\\S.*)");

  private static final Pattern SEVERITY =
      Pattern.compile("(error|warning|note|info): (.*)", Pattern.CASE_INSENSITIVE);
  private static final Pattern RULE_FIRST =
      Pattern.compile("([A-Z]{1,8}[0-9]{1,6}):? (?:\\[\\*] )?(.*)");
  private static final Pattern RULE_LAST = Pattern.compile("(.*\\S) +[\\[(]([\\w./-]{1,80})[\\])]");

  /** rustc's and ruff's second line. */
  private static final Pattern ARROW =
      Pattern.compile("\\s*--> " + FILE + ":" + NUMBER + ":" + NUMBER);

  /** rustc's first line. */
  private static final Pattern RUST = Pattern.compile("(error|warning)(?:\\[(\\w{1,20})])?: (.*)");

  /** ESLint's line about a file that it named before. */
  private static final Pattern ESLINT =
      Pattern.compile("\\s+" + NUMBER + ":" + NUMBER + " +(error|warning) +(\\S.*)");

  private static final Pattern ESLINT_RULE = Pattern.compile("(.*\\S) {2,}([@\\w/-]{1,80})");

  private final String tool;
  private final InsidePaths paths;
  private final List<Finding> findings = new ArrayList<>();
  private String before = "";
  private String file = "";

  /**
   * Makes a reader.
   *
   * @param tool the linter's name
   * @param root the checkout inside, absolute
   * @param workdir where the linter runs, absolute
   */
  public LintOutput(String tool, Path root, Path workdir) {
    this.tool = tool;
    paths = new InsidePaths(root, workdir);
  }

  /**
   * Takes a line.
   *
   * @param line what the linter printed, without secrets and safe to show
   */
  public synchronized void accept(String line) {
    if (findings.size() >= MAX_FINDINGS || line.length() > MAX_LINE) {
      return;
    }
    if (!(arrow(line) || eslint(line) || single(line))) {
      file = line.startsWith("/") ? line : file;
    }
    before = line;
  }

  /**
   * Returns what was found so far.
   *
   * @return the findings, in the order they were printed
   */
  public synchronized List<Finding> findings() {
    return List.copyOf(findings);
  }

  private boolean arrow(String line) {
    var arrow = ARROW.matcher(line);
    if (!arrow.matches()) {
      return false;
    }
    var place = place(arrow.group(1), arrow.group(2));
    var rust = RUST.matcher(before);
    if (rust.matches()) {
      var rule = rust.group(2) == null ? "" : rust.group(2);
      place.ifPresent(p -> add(level(rust.group(1)), rule, rust.group(3), p));
    } else {
      var said = before;
      place.ifPresent(p -> say(Level.ERROR, said, p));
    }
    return true;
  }

  private boolean eslint(String line) {
    var eslint = ESLINT.matcher(line);
    if (file.isEmpty() || !eslint.matches()) {
      return false;
    }
    var place = place(file, eslint.group(1));
    if (place.isPresent()) {
      var text = cut(eslint.group(4));
      var ruled = ESLINT_RULE.matcher(text);
      var known = ruled.matches();
      add(
          level(eslint.group(3)),
          known ? ruled.group(2) : "",
          known ? ruled.group(1) : text,
          place.get());
    }
    return true;
  }

  private boolean single(String line) {
    var single = LINE.matcher(line);
    if (!single.matches()) {
      return false;
    }
    var place = place(single.group(1), single.group(2));
    if (place.isPresent()) {
      var said = SEVERITY.matcher(single.group(4));
      if (said.matches()) {
        say(level(said.group(1)), said.group(2), place.get());
      } else {
        say(Level.ERROR, single.group(4), place.get());
      }
    }
    return true;
  }

  private void say(Level level, String said, Place place) {
    var text = cut(said);
    var first = RULE_FIRST.matcher(text);
    var last = RULE_LAST.matcher(text);
    if (first.matches()) {
      add(level, first.group(1), first.group(2), place);
    } else if (last.matches()) {
      add(level, last.group(2), last.group(1), place);
    } else {
      add(level, "", text, place);
    }
  }

  private void add(Level level, String rule, String message, Place place) {
    findings.add(new Finding(tool, rule, level, message.strip(), Optional.of(place)));
  }

  /** Some patterns take time that grows with the square of the length. */
  private static String cut(String text) {
    return text.length() <= MAX_MESSAGE ? text : text.substring(0, MAX_MESSAGE) + "…";
  }

  private Optional<Place> place(String name, String line) {
    return paths.place(name, Integer.parseInt(line));
  }

  private static Level level(String word) {
    return switch (word.toLowerCase(Locale.ROOT)) {
      case "error" -> Level.ERROR;
      case "warning" -> Level.WARNING;
      default -> Level.NOTE;
    };
  }
}
