package dev.sandboxed.core.binaries;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** What stat(2) says of a file. Times are in nanoseconds since 1970. */
record UnixStat(
    int mode, int uid, long device, long inode, long size, long modified, long changed) {
  static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private static final int TYPE_MASK = 0170000;
  private static final int TYPE_REGULAR = 0100000;

  /** Of the file itself; a link is not followed. */
  static UnixStat of(Path path) throws IOException {
    return read(path, LinkOption.NOFOLLOW_LINKS);
  }

  /** Of what the path leads to. */
  static UnixStat ofTarget(Path path) throws IOException {
    return read(path);
  }

  /** The user id that this process makes files as. */
  static int ownUid() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
      // Real, effective, saved and file system user id.
      return lines
          .filter(line -> line.startsWith("Uid:"))
          .map(line -> Integer.parseUnsignedInt(line.substring(line.lastIndexOf('\t') + 1)))
          .findFirst()
          .orElseThrow(() -> new IllegalStateException("no user id in /proc/self/status"));
    } catch (IOException e) {
      throw new UncheckedIOException("/proc is not mounted, or cannot be read", e);
    }
  }

  boolean isRegularFile() {
    return (mode & TYPE_MASK) == TYPE_REGULAR;
  }

  int permissions() {
    return mode & 07777;
  }

  private static UnixStat read(Path path, LinkOption... options) throws IOException {
    Map<String, Object> values =
        Files.readAttributes(path, "unix:mode,uid,dev,ino,size,lastModifiedTime,ctime", options);
    return new UnixStat(
        number(values, "mode").intValue(),
        number(values, "uid").intValue(),
        number(values, "dev").longValue(),
        number(values, "ino").longValue(),
        number(values, "size").longValue(),
        nanos(values, "lastModifiedTime"),
        nanos(values, "ctime"));
  }

  private static Number number(Map<String, Object> values, String name) {
    return (Number) value(values, name);
  }

  private static long nanos(Map<String, Object> values, String name) {
    return ((FileTime) value(values, name)).to(TimeUnit.NANOSECONDS);
  }

  private static Object value(Map<String, Object> values, String name) {
    Object value = values.get(name);
    if (value == null) {
      throw new IllegalStateException("no file attribute " + name);
    }
    return value;
  }
}
