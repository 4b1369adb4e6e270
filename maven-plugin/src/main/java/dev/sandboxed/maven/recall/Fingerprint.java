package dev.sandboxed.maven.recall;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/** Digests texts so that no two lists of them are taken for each other. Not thread-safe. */
public final class Fingerprint {
  private final MessageDigest digest;

  /**
   * Begins one.
   *
   * @param use tells what it is for, such as the version of a format
   */
  public Fingerprint(String use) {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
    text(use);
  }

  /**
   * Adds bytes.
   *
   * @param bytes all of them
   * @return this
   */
  public Fingerprint bytes(byte[] bytes) {
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
    digest.update(bytes);
    return this;
  }

  /**
   * Adds a text.
   *
   * @param text the text
   * @return this
   */
  public Fingerprint text(String text) {
    return bytes(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Adds texts, and how many they are.
   *
   * @param texts the texts, whose order counts
   * @return this
   */
  public Fingerprint texts(Collection<String> texts) {
    text(Integer.toString(texts.size()));
    texts.forEach(this::text);
    return this;
  }

  /**
   * Adds names and what they stand for.
   *
   * @param entries in any order
   * @return this
   */
  public Fingerprint entries(Map<String, String> entries) {
    text(Integer.toString(entries.size()));
    new TreeMap<>(entries).forEach((name, value) -> text(name).text(value));
    return this;
  }

  /**
   * Returns it; nothing can be added then.
   *
   * @return 64 hexadecimal digits
   */
  public String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
