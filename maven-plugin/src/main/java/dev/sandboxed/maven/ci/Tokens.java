package dev.sandboxed.maven.ci;

import java.security.SecureRandom;
import java.util.HexFormat;

/** Words that nobody can guess. */
final class Tokens {
  private static final int BYTES = 16;

  private Tokens() {}

  static String next() {
    var token = new byte[BYTES];
    new SecureRandom().nextBytes(token);
    return HexFormat.of().formatHex(token);
  }
}
