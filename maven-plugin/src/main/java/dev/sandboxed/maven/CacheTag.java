package dev.sandboxed.maven;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The file by which tools mark a directory whose content they can make again.
 *
 * @see <a href="https://bford.info/cachedir/">Cache Directory Tagging Specification</a>
 */
final class CacheTag {
  private static final String NAME = "CACHEDIR.TAG";
  private static final byte[] SIGNATURE =
      "Signature: 8a477f597d28d172789f06886806bc55".getBytes(StandardCharsets.US_ASCII);

  private CacheTag() {}

  /** Returns whether a directory is marked; a link marks none. */
  static boolean isIn(Path directory) throws IOException {
    var tag = directory.resolve(NAME);
    if (!Files.isRegularFile(tag, LinkOption.NOFOLLOW_LINKS) || !Files.isReadable(tag)) {
      return false;
    }
    try (var in = Files.newInputStream(tag, LinkOption.NOFOLLOW_LINKS)) {
      return Arrays.equals(in.readNBytes(SIGNATURE.length), SIGNATURE);
    }
  }
}
