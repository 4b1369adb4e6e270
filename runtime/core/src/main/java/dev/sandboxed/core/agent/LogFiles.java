package dev.sandboxed.core.agent;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * The files with what the entrypoint of a sandbox printed, which stay after its end.
 *
 * @param directory where records are kept
 * @param id the sandbox
 */
public record LogFiles(Path directory, String id) {

  /** Reads all pieces; nothing if there are no files. */
  InputStream pieces() throws IOException {
    var old = file(id + ".log.1");
    return new BufferedInputStream(new SequenceInputStream(old, file(id + ".log")));
  }

  /** Reads what was printed on one channel. */
  InputStream channel(int channel) throws IOException {
    return new Channel(pieces(), channel);
  }

  private InputStream file(String name) throws IOException {
    var path = directory.resolve(name);
    return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
        ? Files.newInputStream(path, LinkOption.NOFOLLOW_LINKS)
        : InputStream.nullInputStream();
  }

  /** Leaves out the headers, and other channels' pieces. */
  private static final class Channel extends InputStream {
    private final InputStream in;
    private final LogPieces pieces;
    private final int channel;
    private InputStream piece = InputStream.nullInputStream();

    Channel(InputStream in, int channel) {
      this.in = in;
      this.pieces = new LogPieces(in);
      this.channel = channel;
    }

    @Override
    public int read() throws IOException {
      var one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] to, int from, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      var count = piece.read(to, from, length);
      while (count < 0) {
        var next = pieces.next();
        if (next.isEmpty()) {
          return -1;
        }
        if (next.get().channel() == channel) {
          piece = new ByteArrayInputStream(next.get().bytes().array());
          count = piece.read(to, from, length);
        }
      }
      return count;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
