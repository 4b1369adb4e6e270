package dev.sandboxed.core.registry;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * What content is named by in a registry.
 *
 * @param text {@code sha256:} or {@code sha512:} and the hexadecimal digits
 */
public record Digest(String text) {
  private static final Pattern FORM = Pattern.compile("sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}");

  public Digest {
    if (!isDigest(text)) {
      throw new IllegalArgumentException("this is no digest: " + text);
    }
  }

  static boolean isDigest(String text) {
    return FORM.matcher(text).matches();
  }

  /** Returns the digest of bytes, by the same algorithm as this. */
  Digest sameOf(byte[] bytes) {
    return finished(start().digest(bytes));
  }

  static Digest sha256(byte[] bytes) {
    var computation = startSha256();
    computation.update(bytes);
    return ofSha256(computation);
  }

  /** Returns a computation of SHA-256, to be ended by {@link #ofSha256}. */
  static MessageDigest startSha256() {
    return algorithm("SHA-256");
  }

  /** Returns what a computation came to. */
  static Digest ofSha256(MessageDigest computation) {
    return new Digest("sha256:" + HexFormat.of().formatHex(computation.digest()));
  }

  /** Returns a computation by the algorithm of this digest. */
  MessageDigest start() {
    return algorithm(text.startsWith("sha256:") ? "SHA-256" : "SHA-512");
  }

  /** Returns what a computation by the algorithm of this digest came to. */
  Digest finished(byte[] result) {
    return new Digest(text.substring(0, text.indexOf(':') + 1) + HexFormat.of().formatHex(result));
  }

  private static MessageDigest algorithm(String name) {
    try {
      return MessageDigest.getInstance(name);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has " + name, e);
    }
  }

  @Override
  public String toString() {
    return text;
  }
}
