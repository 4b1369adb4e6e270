package dev.sandboxed.core.tree;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

/** Conversions of byte strings: strings that carry one byte in each character. */
public final class ByteStrings {
  private ByteStrings() {}

  /** Returns the byte string of the UTF-8 encoding of an ordinary string. */
  public static String of(String text) {
    return isAscii(text) ? text : new String(text.getBytes(UTF_8), ISO_8859_1);
  }

  /** Returns the byte string that carries the given bytes. */
  public static String ofBytes(byte[] bytes) {
    return new String(bytes, ISO_8859_1);
  }

  /** Returns the bytes that a byte string carries. */
  public static byte[] bytes(String byteString) {
    return byteString.getBytes(ISO_8859_1);
  }

  /**
   * Returns a readable form for messages: decoded as UTF-8, control characters escaped, long ones
   * shortened.
   */
  public static String display(String byteString) {
    String text = new String(bytes(byteString), UTF_8);
    var out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (out.length() > 300) {
        return out.append("...").toString();
      }
      if (Character.isISOControl(c)) {
        out.append(String.format("\\x%02x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  static boolean isAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 0x80) {
        return false;
      }
    }
    return true;
  }
}
