package dev.sandboxed;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Shows what a process printed in messages for people: bounded, and safe to print on a terminal.
 *
 * <p>What a terminal would act on, such as escape sequences and marks that change the direction of
 * text, is written out instead.
 */
public final class OutputTail {
  private static final int MAX_BYTES = 4096;
  private static final int MAX_MASKED_BYTES = 1 << 20;
  private static final int MAX_COMMAND = 1000;

  private OutputTail() {}

  static String describe(
      List<String> command, ExitStatus status, byte[] stdout, byte[] stderr, SecretMask mask) {
    return "%s: %s\n%s\n%s"
        .formatted(
            commandLine(mask.apply(command)),
            status,
            section("stdout", stdout, mask),
            section("stderr", stderr, mask));
  }

  /**
   * Shows a command as one would type it into a shell.
   *
   * @param command the program and its arguments
   * @return the first 1000 characters
   */
  public static String commandLine(List<String> command) {
    var line =
        command.stream()
            .map(a -> a.matches("[\\w@%+=:,./-]+") ? a : "'" + a.replace("'", "'\\''") + "'")
            .collect(Collectors.joining(" "));
    var shown = printable(line);
    return shown.length() > MAX_COMMAND ? shown.substring(0, MAX_COMMAND) + "…" : shown;
  }

  /**
   * Shows the end of an output stream under its name.
   *
   * @param name for example {@code stdout}
   * @param bytes the output
   * @return several lines, of the last 4096 bytes; no line end after the last
   */
  public static String section(String name, byte[] bytes) {
    if (bytes.length == 0) {
      return name + ": (empty)";
    }
    var from = Math.max(0, bytes.length - MAX_BYTES);
    var text = printable(new String(bytes, from, bytes.length - from, StandardCharsets.UTF_8));
    var head = from > 0 ? " (the last %,d of %,d bytes)".formatted(MAX_BYTES, bytes.length) : "";
    return "%s%s:\n%s".formatted(name, head, text.stripTrailing().indent(2).stripTrailing());
  }

  /**
   * Shows the end of an output stream under its name, without secrets.
   *
   * @param name for example {@code stdout}
   * @param bytes the output
   * @param mask takes the secrets out
   * @return several lines, of the last 4096 bytes; no line end after the last
   */
  public static String section(String name, byte[] bytes, SecretMask mask) {
    if (mask.isEmpty()) {
      return section(name, bytes);
    }
    // Before it is cut, which could leave half of a secret.
    var from = Math.max(0, bytes.length - MAX_MASKED_BYTES);
    var text = new String(bytes, from, bytes.length - from, StandardCharsets.UTF_8);
    return section(name, mask.apply(text).getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Replaces what a terminal would act on: output is hostile.
   *
   * @param text any text
   * @return the text, safe to print; line ends and tabs are kept
   */
  public static String printable(String text) {
    var safe = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (c == '\n' || c == '\t' || !(Character.isISOControl(c) || bidirectional(c))) {
                safe.appendCodePoint(c);
              } else if (c != '\r') {
                safe.append("\\u%04x".formatted(c));
              }
            });
    return safe.toString();
  }

  private static boolean bidirectional(int c) {
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
  }
}
