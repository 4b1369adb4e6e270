package dev.sandboxed.core.tree;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Names a tree by what it is made of: paths, types, modes, owners, times, link targets, and what
 * identifies the content. Host files are identified by size, times and inode, so an unchanged
 * directory costs one walk.
 */
public final class TreeDigest {
  private TreeDigest() {}

  /**
   * Returns 64 hexadecimal digits. The salt tells uses apart, for instance versions of a format.
   */
  public static String of(FileTree tree, String salt) {
    MessageDigest digest = sha256();
    text(digest, ByteStrings.of(salt));
    IdentityHashMap<Node, Integer> seen = new IdentityHashMap<>();
    try {
      tree.walk((path, node) -> add(digest, path, node, seen));
    } catch (IOException e) {
      throw new AssertionError("digesting a listing does no input or output", e);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * Returns 64 hexadecimal digits that tell what the files hold, wherever and whenever they were
   * made: paths, types, permissions, links, devices and all bytes, but neither owners nor times.
   */
  public static String ofContents(FileTree tree, String salt) throws IOException {
    MessageDigest digest = sha256();
    text(digest, ByteStrings.of(salt));
    IdentityHashMap<Node, Integer> seen = new IdentityHashMap<>();
    tree.walk(
        (path, node) -> {
          Metadata anywhere = Metadata.root(node.metadata().mode());
          Integer earlier = seen.putIfAbsent(node, seen.size());
          text(digest, path);
          if (earlier != null) {
            digest.update((byte) 'H');
            digest.update(ByteBuffer.allocate(4).putInt(earlier).flip());
            return;
          }
          attributes(digest, anywhere);
          type(digest, node);
          if (node instanceof Node.Regular regular) {
            regular.content().copyTo(new DigestChannel(digest));
          }
        });
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Takes bytes into a digest. */
  private record DigestChannel(MessageDigest digest) implements WritableByteChannel {
    @Override
    public int write(ByteBuffer source) {
      int length = source.remaining();
      digest.update(source);
      return length;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  /** Returns the digest algorithm that names images. */
  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }

  private static void add(MessageDigest digest, String path, Node node, Map<Node, Integer> seen) {
    text(digest, path);
    Integer earlier = seen.putIfAbsent(node, seen.size());
    if (earlier != null) {
      digest.update((byte) 'H');
      digest.update(ByteBuffer.allocate(4).putInt(earlier).flip());
      return;
    }
    attributes(digest, node.metadata());
    type(digest, node);
    if (node instanceof Node.Regular regular) {
      regular.content().identify(digest);
    }
  }

  private static void attributes(MessageDigest digest, Metadata metadata) {
    digest.update(
        ByteBuffer.allocate(40)
            .putInt(metadata.mode())
            .putLong(metadata.uid())
            .putLong(metadata.gid())
            .putLong(metadata.mtime().getEpochSecond())
            .putInt(metadata.mtime().getNano())
            .flip());
  }

  private static void type(MessageDigest digest, Node node) {
    if (node instanceof Node.Directory directory) {
      digest.update((byte) 'D');
      digest.update(ByteBuffer.allocate(4).putInt(directory.children().size()).flip());
    } else if (node instanceof Node.Regular regular) {
      digest.update((byte) 'F');
      digest.update(ByteBuffer.allocate(8).putLong(regular.content().size()).flip());
    } else if (node instanceof Node.Symlink symlink) {
      digest.update((byte) 'L');
      text(digest, symlink.target());
    } else if (node instanceof Node.Special special) {
      digest.update((byte) 'S');
      digest.update(
          ByteBuffer.allocate(12)
              .putInt(special.kind().ordinal())
              .putInt(special.major())
              .putInt(special.minor())
              .flip());
    }
  }

  private static void text(MessageDigest digest, String byteString) {
    byte[] bytes = ByteStrings.bytes(byteString);
    digest.update(ByteBuffer.allocate(4).putInt(bytes.length).flip());
    digest.update(bytes);
  }
}
