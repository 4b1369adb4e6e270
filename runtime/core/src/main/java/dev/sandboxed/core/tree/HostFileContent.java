package dev.sandboxed.core.tree;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Set;

/** The bytes of a host file, as it was when it was listed. */
record HostFileContent(Path file, FileStamp stamp) implements Content {
  @Override
  public long size() {
    return stamp.size();
  }

  @Override
  public void copyTo(WritableByteChannel target) throws IOException {
    try (FileChannel source = open(file)) {
      long copied = ChannelCopy.copy(source, 0, stamp.size(), target);
      if (copied != stamp.size() || !FileStamp.of(file).equals(stamp)) {
        throw changed();
      }
    } catch (NoSuchFileException e) {
      throw changed();
    }
  }

  private TreeException changed() {
    return new TreeException(
        "The file "
            + file
            + " was changed while it was being read. Try again when nothing writes to"
            + " it, or leave it out.");
  }

  private static FileChannel open(Path file) throws IOException {
    try {
      return FileChannel.open(file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
    } catch (AccessDeniedException e) {
      throw HostDirectory.unreadable(file, e);
    }
  }

  @Override
  public void identify(MessageDigest digest) {
    var buffer = ByteBuffer.allocate(64);
    buffer.putLong(stamp.device()).putLong(stamp.inode()).putLong(stamp.size());
    HostDirectory.put(buffer, stamp.mtime());
    HostDirectory.put(buffer, stamp.ctime());
    digest.update(buffer.flip());
  }
}
