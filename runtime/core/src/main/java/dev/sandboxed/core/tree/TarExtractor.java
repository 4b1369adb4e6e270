package dev.sandboxed.core.tree;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Unpacks an archive that nobody trusts into one path of the host, whole or not at all.
 *
 * <p>Everything is first made in a private directory next to the target, then moved there in one
 * step. A member may only go into a directory that the archive itself has made: links are made but
 * never followed, names that climb up are refused. Devices, pipes and sockets are left out.
 * Set-user and set-group bits of files are dropped, since what comes out of a sandbox must not run
 * with its owner's rights. Owners are kept where the host's user may set them.
 */
public final class TarExtractor {
  private static final int MAX_LEFT_OUT = 1000;
  private static final int BUFFER = 256 << 10;
  private static final int FILE_MODE = 0777;
  private static final int DIRECTORY_MODE = 03777;

  /**
   * What was unpacked.
   *
   * @param entries members that became files
   * @param bytes length of the regular files
   * @param leftOut the first 1000 members that could not be kept, readable
   */
  public record Extraction(long entries, long bytes, List<String> leftOut) {}

  private final InputStream in;
  private final Path target;
  private final ArchiveLimits limits;
  private final Path work;
  private final boolean root;

  /** Directories made so far, parents first, with the metadata they get in the end. */
  private final Map<String, Metadata> directories = new LinkedHashMap<>();

  private final Set<String> files = new HashSet<>();
  private final Set<String> skipped = new HashSet<>();
  private final List<String> leftOut = new ArrayList<>();
  private final byte[] buffer = new byte[BUFFER];
  private long entries;
  private long bytes;

  private TarExtractor(InputStream in, Path target, ArchiveLimits limits, Path work)
      throws IOException {
    this.in = in;
    this.target = target;
    this.limits = limits;
    this.work = work;
    this.root = FileStamp.of(work).uid() == 0;
  }

  /**
   * Unpacks an archive. If its first member is the directory {@code ./}, the target becomes that
   * directory; else the archive must hold one file, which becomes the target.
   *
   * @param target must not exist, its parent must
   * @throws FileAlreadyExistsException if the target exists
   * @throws TreeException if the archive is damaged, cut off, hostile or beyond the limits, or the
   *     host cannot take it; the target then does not exist
   */
  public static Extraction extract(InputStream in, Path target, ArchiveLimits limits)
      throws IOException {
    Path absolute = target.toAbsolutePath().normalize();
    Path parent = absolute.getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      throw new TreeException(
          "Cannot write "
              + absolute
              + ": the directory "
              + parent
              + " does not exist. Make it first.");
    }
    refuseExisting(absolute);
    Path work;
    try {
      work = WorkDirectory.create(parent);
    } catch (FileSystemException e) {
      throw cannotWrite(absolute, e);
    }
    try {
      return new TarExtractor(in, absolute, limits, work).extract();
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (FileSystemException e) {
      throw cannotWrite(absolute, e);
    } finally {
      DirectoryRemover.remove(work);
    }
  }

  private static void refuseExisting(Path target) throws IOException {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(target.toString());
    }
  }

  private static TreeException cannotWrite(Path target, FileSystemException e) {
    String reason = e.getReason() == null ? e.toString() : e.getReason();
    return new TreeException("Cannot write " + target + ": " + reason + ".", e);
  }

  private Extraction extract() throws IOException {
    var reader = new TarReader(in, limits);
    TarEntry first = reader.next();
    if (first == null) {
      throw new TreeException("The archive is empty: there is nothing to write to " + target + ".");
    }
    List<String> components = EntryPaths.components(first.name());
    if (components.isEmpty()) {
      extractTree(reader, first);
    } else {
      extractSingle(reader, first, components);
    }
    return new Extraction(entries, bytes, Collections.unmodifiableList(leftOut));
  }

  private void extractTree(TarReader reader, TarEntry first) throws IOException {
    for (TarEntry entry = first; entry != null; entry = reader.next()) {
      extract(reader, entry, EntryPaths.components(entry.name()));
    }
    // Children first: a directory without write permission takes no more changes, and changes move
    // its time.
    var parentsFirst = new ArrayList<>(directories.entrySet());
    Collections.reverse(parentsFirst);
    for (Map.Entry<String, Metadata> directory : parentsFirst) {
      setAttributes(resolve(directory.getKey()), directory.getValue(), DIRECTORY_MODE);
    }
    moveToTarget(work);
  }

  private void extractSingle(TarReader reader, TarEntry first, List<String> components)
      throws IOException {
    if (components.size() > 1 || first.type() == TarEntry.Type.DIRECTORY) {
      throw new TreeException(
          "The archive begins with '"
              + ByteStrings.display(first.name())
              + "', where the directory './' or a single file belongs: refused.");
    }
    extract(reader, first, components);
    if (reader.next() != null) {
      throw new TreeException(
          "The archive holds more than the one file '"
              + ByteStrings.display(first.name())
              + "': refused.");
    }
    if (entries == 0) {
      throw new TreeException(
          "Cannot write " + target + ": it is a device, a pipe or a socket, which stay inside.");
    }
    moveToTarget(resolve(components.get(0)));
  }

  private void moveToTarget(Path result) throws IOException {
    refuseExisting(target);
    Files.move(result, target, StandardCopyOption.ATOMIC_MOVE);
  }

  private void extract(TarReader reader, TarEntry entry, List<String> components)
      throws IOException {
    String path = String.join("/", components);
    if (entry.type() == TarEntry.Type.DIRECTORY) {
      makeDirectory(components, components.size(), entry.metadata());
      directories.put(path, entry.metadata());
      entries++;
      return;
    }
    if (components.isEmpty()) {
      throw new TreeException("The archive's root is not a directory: refused.");
    }
    makeParents(components, entry.metadata());
    if (directories.containsKey(path)) {
      throw new TreeException(
          "The archive holds '"
              + ByteStrings.display(path)
              + "' twice, once as a directory: refused.");
    }
    if (files.remove(path)) {
      Files.delete(resolve(path));
    }
    if (make(reader, entry, path)) {
      files.add(path);
      entries++;
    } else {
      skipped.add(path);
      if (leftOut.size() < MAX_LEFT_OUT) {
        leftOut.add(ByteStrings.display(path));
      }
    }
  }

  private boolean make(TarReader reader, TarEntry entry, String path) throws IOException {
    Path file = resolve(path);
    switch (entry.type()) {
      case REGULAR -> {
        writeFile(reader, entry, file);
        setAttributes(file, entry.metadata(), FILE_MODE);
        return true;
      }
      case SYMLINK -> {
        String link = entry.linkTarget();
        if (link.isEmpty() || link.length() >= EntryPaths.MAX_PATH || link.indexOf('\0') >= 0) {
          throw new TreeException(
              "The symbolic link '"
                  + ByteStrings.display(path)
                  + "' has an impossible target: refused.");
        }
        Files.createSymbolicLink(file, HostPaths.path(link));
        setOwner(file, entry.metadata());
        setTime(file, entry.metadata());
        return true;
      }
      case HARD_LINK -> {
        String existing = String.join("/", EntryPaths.components(entry.linkTarget()));
        if (skipped.contains(existing)) {
          return false;
        }
        if (!files.contains(existing)) {
          throw new TreeException(
              "The entry '"
                  + ByteStrings.display(path)
                  + "' is a hard link to '"
                  + ByteStrings.display(existing)
                  + "', which is no file that comes before it: refused.");
        }
        Files.createLink(file, resolve(existing));
        return true;
      }
      default -> {
        return false;
      }
    }
  }

  private void makeParents(List<String> components, Metadata metadata) throws IOException {
    if (components.size() > 1) {
      makeDirectory(components, components.size() - 1, impliedBy(metadata));
    }
  }

  private static Metadata impliedBy(Metadata metadata) {
    return new Metadata(0755, metadata.uid(), metadata.gid(), metadata.mtime());
  }

  private void makeDirectory(List<String> components, int depth, Metadata metadata)
      throws IOException {
    String path = String.join("/", components.subList(0, depth));
    if (directories.containsKey(path)) {
      return;
    }
    if (depth > 1) {
      makeDirectory(components, depth - 1, impliedBy(metadata));
    }
    if (files.contains(path) || skipped.contains(path)) {
      throw new TreeException(
          "The path '"
              + ByteStrings.display(String.join("/", components))
              + "' leads through '"
              + ByteStrings.display(path)
              + "', which is not a directory: refused.");
    }
    if (!path.isEmpty()) {
      Files.createDirectory(
          resolve(path),
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    directories.put(path, metadata);
  }

  private void writeFile(TarReader reader, TarEntry entry, Path file) throws IOException {
    var options =
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
    var access = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    try (FileChannel channel = FileChannel.open(file, options, access)) {
      for (TarEntry.Segment segment : entry.segments()) {
        channel.position(segment.offset());
        for (long left = segment.length(); left > 0; ) {
          int length = (int) Math.min(buffer.length, left);
          readFully(reader, entry, length);
          ChannelCopy.writeKeepingHoles(ByteBuffer.wrap(buffer, 0, length), channel);
          left -= length;
        }
      }
      if (channel.size() < entry.size()) {
        channel.position(entry.size() - 1);
        ChannelCopy.writeFully(ByteBuffer.allocate(1), channel);
      }
    }
    bytes += entry.size();
  }

  private void readFully(TarReader reader, TarEntry entry, int length) throws IOException {
    for (int filled = 0; filled < length; ) {
      int read = reader.read(buffer, filled, length - filled);
      if (read < 0) {
        throw new TreeException(
            "The archive ends within '" + ByteStrings.display(entry.name()) + "'.");
      }
      filled += read;
    }
  }

  /** Sets the mode last: it may take away the right to set the rest. */
  private void setAttributes(Path file, Metadata metadata, int modeMask) throws IOException {
    setOwner(file, metadata);
    setTime(file, metadata);
    Files.setAttribute(file, "unix:mode", metadata.mode() & modeMask, LinkOption.NOFOLLOW_LINKS);
  }

  private void setOwner(Path file, Metadata metadata) throws IOException {
    if (root) {
      Files.setAttribute(file, "unix:uid", (int) metadata.uid(), LinkOption.NOFOLLOW_LINKS);
      Files.setAttribute(file, "unix:gid", (int) metadata.gid(), LinkOption.NOFOLLOW_LINKS);
    }
  }

  private static void setTime(Path file, Metadata metadata) throws IOException {
    Files.getFileAttributeView(file, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
        .setTimes(FileTime.from(metadata.mtime()), null, null);
  }

  private Path resolve(String path) {
    return path.isEmpty() ? work : HostPaths.resolve(work, path);
  }
}
