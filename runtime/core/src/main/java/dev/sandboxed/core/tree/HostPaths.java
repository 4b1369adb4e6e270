package dev.sandboxed.core.tree;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * Byte-exact conversions between byte strings and host paths.
 *
 * <p>A {@link Path} keeps the bytes the kernel gave it, but its text form loses those that the
 * locale cannot decode. Its URI form does not: it escapes every byte. So everything that is not
 * ASCII goes through URIs.
 */
public final class HostPaths {
  private static final HexFormat HEX = HexFormat.of().withUpperCase();

  private HostPaths() {}

  /** Returns the bytes of a path, absolute or relative, as a byte string. */
  static String byteString(Path path) {
    String text = path.toString();
    if (ByteStrings.isAscii(text)) {
      return text;
    }
    boolean absolute = path.isAbsolute();
    boolean slashAtEnd = text.endsWith("/");
    String raw = (absolute ? path : Path.of("/").resolve(path)).toUri().getRawPath();
    String decoded = unescape(raw);
    int start = absolute ? 0 : 1;
    int end = decoded.length();
    // A URI of an existing directory ends in a slash that the path does not have.
    if (!slashAtEnd && decoded.endsWith("/")) {
      end--;
    }
    return decoded.substring(start, end);
  }

  /**
   * Returns a relative path of exactly these bytes, which hold at least one character that is not a
   * slash.
   */
  static Path path(String byteString) {
    if (ByteStrings.isAscii(byteString)) {
      return Path.of(byteString);
    }
    boolean absolute = byteString.startsWith("/");
    var uri = new StringBuilder(absolute ? "file://" : "file:///");
    for (byte b : ByteStrings.bytes(byteString)) {
      if (b == '/' || (b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z')) {
        uri.append((char) b);
      } else {
        uri.append('%').append(HEX.toHexDigits(b));
      }
    }
    Path path = Path.of(URI.create(uri.toString()));
    // Not relativize(), which would resolve dots.
    return absolute ? path : path.subpath(0, path.getNameCount());
  }

  /** Returns the bytes of a path, absolute or relative. */
  public static byte[] bytes(Path path) {
    return ByteStrings.bytes(byteString(path));
  }

  /** Returns the path of exactly these bytes below a directory. */
  public static Path resolve(Path directory, String byteString) {
    return directory.resolve(path(byteString));
  }

  private static String unescape(String raw) {
    var out = new ByteArrayOutputStream(raw.length());
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c == '%') {
        out.write(HexFormat.fromHexDigits(raw, i + 1, i + 3));
        i += 2;
      } else {
        out.write(c);
      }
    }
    return ByteStrings.ofBytes(out.toByteArray());
  }
}
