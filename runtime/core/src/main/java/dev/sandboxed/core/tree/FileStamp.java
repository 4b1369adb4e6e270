package dev.sandboxed.core.tree;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;

/**
 * What {@code lstat} says of a host file; equal stamps mean that nobody has changed it in between.
 */
record FileStamp(
    long device,
    long inode,
    int mode,
    int links,
    long uid,
    long gid,
    long rdev,
    long size,
    FileTime mtime,
    FileTime ctime) {
  static final int TYPE = 0170000;
  static final int REGULAR = 0100000;
  static final int DIRECTORY = 0040000;
  static final int SYMLINK = 0120000;
  static final int CHARACTER_DEVICE = 0020000;
  static final int BLOCK_DEVICE = 0060000;
  static final int FIFO = 0010000;
  static final int SOCKET = 0140000;

  private static final String ATTRIBUTES =
      "unix:dev,ino,mode,nlink,uid,gid,rdev,size,lastModifiedTime,ctime";

  static FileStamp of(Path file) throws IOException {
    Map<String, Object> values = Files.readAttributes(file, ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
    return new FileStamp(
        number(values, "dev"),
        number(values, "ino"),
        (int) number(values, "mode"),
        (int) number(values, "nlink"),
        number(values, "uid") & 0xffff_ffffL,
        number(values, "gid") & 0xffff_ffffL,
        number(values, "rdev"),
        number(values, "size"),
        (FileTime) value(values, "lastModifiedTime"),
        (FileTime) value(values, "ctime"));
  }

  int type() {
    return mode & TYPE;
  }

  Metadata metadata() {
    return new Metadata(mode & 07777, uid, gid, mtime.toInstant());
  }

  /** Splits a device number the way glibc's {@code gnu_dev_major} does. */
  int major() {
    return (int) ((rdev >>> 8) & 0xfff);
  }

  int minor() {
    return (int) ((rdev & 0xff) | ((rdev >>> 12) & 0xfff00));
  }

  private static long number(Map<String, Object> values, String name) {
    return ((Number) value(values, name)).longValue();
  }

  private static Object value(Map<String, Object> values, String name) {
    Object value = values.get(name);
    if (value == null) {
      throw new IllegalStateException("the file system does not tell " + name);
    }
    return value;
  }
}
