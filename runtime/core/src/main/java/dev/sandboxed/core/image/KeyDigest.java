package dev.sandboxed.core.image;

import dev.sandboxed.core.tree.TreeDigest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collection;
import java.util.HexFormat;

/**
 * Names something by texts, each with its length, so that no two lists of texts run into the same
 * bytes. Not thread-safe.
 */
final class KeyDigest {
  private final MessageDigest sha256 = TreeDigest.sha256();

  /** Begins with what tells the uses of digests, and the versions of formats, apart. */
  KeyDigest(String use) {
    text(use);
  }

  KeyDigest text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    number(bytes.length);
    sha256.update(bytes);
    return this;
  }

  KeyDigest texts(Collection<String> texts) {
    number(texts.size());
    texts.forEach(this::text);
    return this;
  }

  private void number(int value) {
    sha256.update(ByteBuffer.allocate(4).putInt(value).flip());
  }

  /** Returns 64 hexadecimal digits. */
  String hex() {
    return HexFormat.of().formatHex(sha256.digest());
  }

  static boolean isDigest(String text) {
    return text.matches("[0-9a-f]{64}");
  }
}
