package dev.sandboxed.core.tree;

import java.util.List;

/**
 * One member of a tar archive, as its headers describe it; nothing in it is checked but its syntax.
 *
 * @param name as in the archive, a byte string
 * @param linkTarget of symbolic and hard links, a byte string; else empty
 * @param size length of the file, holes included
 * @param segments where its bytes belong: in a file without holes one that covers all
 * @param dataOffset where its bytes begin in the archive
 * @param opaque whether an overlay file system says that it hides the directory below it
 */
record TarEntry(
    String name,
    Type type,
    Metadata metadata,
    String linkTarget,
    int major,
    int minor,
    long size,
    List<Segment> segments,
    long dataOffset,
    boolean opaque) {

  /** Member types that make files. */
  enum Type {
    REGULAR,
    DIRECTORY,
    SYMLINK,
    HARD_LINK,
    CHARACTER_DEVICE,
    BLOCK_DEVICE,
    FIFO
  }

  /** A part of a file that is not a hole. */
  record Segment(long offset, long length) {}
}
