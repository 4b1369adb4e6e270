package dev.sandboxed.core.tree;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Reads host directories as trees: the listing at once, the content of files when it is wanted.
 * Symbolic links are kept, never followed. Immutable; safe for use by several threads.
 */
public final class HostDirectory {
  /** What to do about something that the user may not read. */
  private enum Unreadable {
    REFUSE,
    LEAVE_OUT
  }

  private static final int MAX_ENTRIES = 20_000_000;

  private final Predicate<String> excluded;
  private final Unreadable unreadable;

  private HostDirectory(Predicate<String> excluded, Unreadable unreadable) {
    this.excluded = excluded;
    this.unreadable = unreadable;
  }

  /** Returns a reader that takes everything and refuses what it cannot read. */
  public static HostDirectory reader() {
    return new HostDirectory(path -> false, Unreadable.REFUSE);
  }

  /**
   * Returns a reader that leaves out what matches, by its path below the directory that is read (a
   * byte string).
   */
  public HostDirectory excluding(Predicate<String> paths) {
    return new HostDirectory(excluded.or(paths), unreadable);
  }

  /** Returns a reader that leaves out files and directories which the user may not read. */
  public HostDirectory leavingOutUnreadable() {
    return new HostDirectory(excluded, Unreadable.LEAVE_OUT);
  }

  /** Reads a directory; the path itself may be a symbolic link to it. */
  public Listing read(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      throw new TreeException("The directory " + directory + " does not exist.");
    }
    if (!Files.isDirectory(directory)) {
      throw new TreeException("The path " + directory + " is not a directory.");
    }
    var walk = new Walk();
    Path real = directory.toRealPath();
    Node root = walk.node(real, "", 0);
    if (!(root instanceof Node.Directory top)) {
      throw unreadable(directory, null);
    }
    return new Listing(new FileTree(top), walk.newest, walk.time);
  }

  /** Reads one file of any type; a directory with all that is in it. A link is read as a link. */
  public Listing readAny(Path file) throws IOException {
    var walk = new Walk();
    Node node = walk.node(file.toAbsolutePath(), "", 0);
    if (node == null) {
      throw unreadable(file, null);
    }
    var children = new TreeMap<String, Node>();
    Path name = file.toAbsolutePath().normalize().getFileName();
    if (name == null) {
      throw new TreeException("The path " + file + " has no name.");
    }
    children.put(HostPaths.byteString(name), node);
    return new Listing(
        new FileTree(new Node.Directory(Metadata.root(0755), children)), walk.newest, walk.time);
  }

  /**
   * A tree as it was listed.
   *
   * @param newestChange the newest change time (ctime) of all files in it
   * @param time when the listing began
   */
  public record Listing(FileTree tree, Instant newestChange, Instant time) {}

  static TreeException unreadable(Path file, @Nullable IOException cause) {
    String message =
        "Cannot read "
            + file
            + " as user "
            + System.getProperty("user.name")
            + ": permission denied. Make it readable for this user, or leave it out.";
    return cause == null ? new TreeException(message) : new TreeException(message, cause);
  }

  static void put(ByteBuffer buffer, FileTime time) {
    Instant instant = time.toInstant();
    buffer.putLong(instant.getEpochSecond()).putInt(instant.getNano());
  }

  /** One reading; remembers files with several names, and what they became. */
  private final class Walk {
    private record FileId(long device, long inode) {}

    private final Map<FileId, Node> linked = new HashMap<>();
    private final Instant time = Instant.now();
    private Instant newest = Instant.EPOCH;
    private int entries;

    /** Returns null for something that is left out. */
    @Nullable Node node(Path file, String path, int depth) throws IOException {
      FileStamp stamp = FileStamp.of(file);
      if (++entries > MAX_ENTRIES || depth > EntryPaths.MAX_DEPTH) {
        throw new TreeException(
            "The directory tree at "
                + file
                + " is too large: the limits are "
                + MAX_ENTRIES
                + " files and "
                + EntryPaths.MAX_DEPTH
                + " levels.");
      }
      if (stamp.ctime().toInstant().isAfter(newest)) {
        newest = stamp.ctime().toInstant();
      }
      if (stamp.type() == FileStamp.DIRECTORY) {
        return directory(file, path, stamp, depth);
      }
      if (stamp.links() < 2) {
        return leaf(file, stamp);
      }
      var id = new FileId(stamp.device(), stamp.inode());
      Node known = linked.get(id);
      if (known == null) {
        known = leaf(file, stamp);
        if (known != null) {
          linked.put(id, known);
        }
      }
      return known;
    }

    private @Nullable Node directory(Path file, String path, FileStamp stamp, int depth)
        throws IOException {
      List<Path> names = names(file);
      if (names == null) {
        return null;
      }
      var children = new TreeMap<String, Node>();
      for (Path name : names) {
        String bytes = HostPaths.byteString(name);
        String below = path.isEmpty() ? bytes : path + "/" + bytes;
        if (excluded.test(below)) {
          continue;
        }
        Node child;
        try {
          child = node(file.resolve(name), below, depth + 1);
        } catch (NoSuchFileException e) {
          throw new TreeException(
              "The file "
                  + file.resolve(name)
                  + " went away while the directory was being read. Try"
                  + " again when nothing changes it.",
              e);
        }
        if (child != null) {
          children.put(bytes, child);
        }
      }
      return new Node.Directory(stamp.metadata(), children);
    }

    private @Nullable List<Path> names(Path directory) throws IOException {
      var names = new ArrayList<Path>();
      try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
        for (Path file : stream) {
          names.add(file.getFileName());
        }
      } catch (AccessDeniedException e) {
        if (unreadable == Unreadable.LEAVE_OUT) {
          return null;
        }
        throw unreadable(directory, e);
      } catch (DirectoryIteratorException e) {
        throw e.getCause();
      }
      return names;
    }

    private @Nullable Node leaf(Path file, FileStamp stamp) throws IOException {
      return switch (stamp.type()) {
        case FileStamp.REGULAR -> regular(file, stamp);
        case FileStamp.SYMLINK ->
            new Node.Symlink(stamp.metadata(), HostPaths.byteString(Files.readSymbolicLink(file)));
        case FileStamp.CHARACTER_DEVICE ->
            new Node.Special(
                stamp.metadata(), Node.Special.Kind.CHARACTER_DEVICE, stamp.major(), stamp.minor());
        case FileStamp.BLOCK_DEVICE ->
            new Node.Special(
                stamp.metadata(), Node.Special.Kind.BLOCK_DEVICE, stamp.major(), stamp.minor());
        case FileStamp.FIFO -> new Node.Special(stamp.metadata(), Node.Special.Kind.FIFO, 0, 0);
        case FileStamp.SOCKET -> new Node.Special(stamp.metadata(), Node.Special.Kind.SOCKET, 0, 0);
        default ->
            throw new TreeException(
                "The file " + file + " is of a type that cannot be put into an image.");
      };
    }

    private @Nullable Node regular(Path file, FileStamp stamp) throws IOException {
      // Asked now, not when the content is copied, so that nothing large is written before the
      // error.
      if (!Files.isReadable(file)) {
        if (unreadable == Unreadable.LEAVE_OUT) {
          return null;
        }
        throw unreadable(file, null);
      }
      return new Node.Regular(stamp.metadata(), new HostFileContent(file, stamp));
    }
  }
}
