package dev.sandboxed.core.tree;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A file of any type, without its name.
 *
 * <p>A file with several names (hard links) is one node object that several directories hold: nodes
 * are told apart by identity, not by value.
 */
public sealed interface Node {
  Metadata metadata();

  /** A directory and what is in it, in the order of the names' bytes. */
  final class Directory implements Node {
    private final Metadata metadata;
    private final SortedMap<String, Node> children;

    /** Takes the names as byte strings. */
    public Directory(Metadata metadata, SortedMap<String, Node> children) {
      this.metadata = metadata;
      this.children = Collections.unmodifiableSortedMap(new TreeMap<>(children));
    }

    @Override
    public Metadata metadata() {
      return metadata;
    }

    public SortedMap<String, Node> children() {
      return children;
    }
  }

  /** A regular file. */
  final class Regular implements Node {
    private final Metadata metadata;
    private final Content content;

    public Regular(Metadata metadata, Content content) {
      this.metadata = metadata;
      this.content = content;
    }

    @Override
    public Metadata metadata() {
      return metadata;
    }

    public Content content() {
      return content;
    }
  }

  /** A symbolic link; its target is a byte string. */
  final class Symlink implements Node {
    private final Metadata metadata;
    private final String target;

    public Symlink(Metadata metadata, String target) {
      if (target.isEmpty()) {
        throw new IllegalArgumentException("a symbolic link needs a target");
      }
      this.metadata = metadata;
      this.target = target;
    }

    @Override
    public Metadata metadata() {
      return metadata;
    }

    public String target() {
      return target;
    }
  }

  /** A device, named pipe or socket. */
  final class Special implements Node {
    /** Which sort of special file. */
    public enum Kind {
      CHARACTER_DEVICE,
      BLOCK_DEVICE,
      FIFO,
      SOCKET
    }

    private final Metadata metadata;
    private final Kind kind;
    private final int major;
    private final int minor;

    /**
     * Takes device numbers as Linux has them: 12 bits of major and 20 of minor number, 0 for pipes
     * and sockets.
     */
    public Special(Metadata metadata, Kind kind, int major, int minor) {
      if (major < 0 || major > 0xfff || minor < 0 || minor > 0xfffff) {
        throw new IllegalArgumentException(
            "device number " + major + ":" + minor + " is out of range");
      }
      this.metadata = metadata;
      this.kind = kind;
      this.major = major;
      this.minor = minor;
    }

    @Override
    public Metadata metadata() {
      return metadata;
    }

    public Kind kind() {
      return kind;
    }

    public int major() {
      return major;
    }

    public int minor() {
      return minor;
    }
  }
}
