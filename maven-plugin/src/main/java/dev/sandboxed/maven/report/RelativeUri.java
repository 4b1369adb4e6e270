package dev.sandboxed.maven.report;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Writes paths as references that are relative to a directory. */
final class RelativeUri {
  private static final String UNESCAPED = "-._~/:@!$&'()*+,;=";

  private RelativeUri() {}

  /** Escapes a path; {@code ./} keeps a colon from making a scheme. */
  static String of(String path) {
    var uri = new StringBuilder(path.indexOf(':') < 0 ? "" : "./");
    for (var b : path.getBytes(StandardCharsets.UTF_8)) {
      var c = (char) (b & 0xff);
      if (c < 0x80 && (Character.isLetterOrDigit(c) || UNESCAPED.indexOf(c) >= 0)) {
        uri.append(c);
      } else {
        uri.append(String.format(Locale.ROOT, "%%%02X", (int) c));
      }
    }
    return uri.toString();
  }
}
