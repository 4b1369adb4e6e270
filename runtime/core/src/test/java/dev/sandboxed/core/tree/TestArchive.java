package dev.sandboxed.core.tree;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** Archives with whatever names and types a test asks for, made by code that is not ours. */
final class TestArchive {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final TarArchiveOutputStream out = new TarArchiveOutputStream(bytes);

  TestArchive() {
    out.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    out.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
  }

  static TestArchive ofDirectory() throws IOException {
    return new TestArchive().directory("./");
  }

  TestArchive directory(String name) throws IOException {
    return put(name, TarConstants.LF_DIR, "", "");
  }

  TestArchive file(String name, String text) throws IOException {
    return put(name, TarConstants.LF_NORMAL, "", text);
  }

  TestArchive symlink(String name, String target) throws IOException {
    return put(name, TarConstants.LF_SYMLINK, target, "");
  }

  TestArchive hardLink(String name, String target) throws IOException {
    return put(name, TarConstants.LF_LINK, target, "");
  }

  TestArchive device(String name) throws IOException {
    return put(name, TarConstants.LF_CHR, "", "");
  }

  /** A directory as an overlay file system marks one that hides the directory below it. */
  TestArchive opaqueDirectory(String name) throws IOException {
    var entry = new TarArchiveEntry(name, TarConstants.LF_DIR, true);
    entry.setMode(0755);
    entry.addPaxHeader("SCHILY.xattr.trusted.overlay.opaque", "y");
    out.putArchiveEntry(entry);
    out.closeArchiveEntry();
    return this;
  }

  TestArchive put(String name, byte type, String target, String text) throws IOException {
    var entry = new TarArchiveEntry(name, type, true);
    byte[] data = text.getBytes(UTF_8);
    entry.setLinkName(target);
    entry.setSize(data.length);
    entry.setMode(type == TarConstants.LF_DIR ? 0755 : 0644);
    out.putArchiveEntry(entry);
    out.write(data);
    out.closeArchiveEntry();
    return this;
  }

  byte[] bytes() throws IOException {
    out.finish();
    return bytes.toByteArray();
  }

  InputStream stream() throws IOException {
    return new ByteArrayInputStream(bytes());
  }
}
