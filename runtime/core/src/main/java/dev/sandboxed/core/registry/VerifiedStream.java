package dev.sandboxed.core.registry;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.function.LongConsumer;

/** A blob on its way in, whose end is not seen unless its length and digest are right. */
final class VerifiedStream extends FilterInputStream {
  private final Descriptor expected;
  private final MessageDigest digest;
  private final LongConsumer progress;
  private final byte[] one = new byte[1];
  private long count;
  private boolean verified;

  VerifiedStream(InputStream in, Descriptor expected, LongConsumer progress) {
    super(in);
    this.expected = expected;
    this.progress = progress;
    digest = expected.digest().start();
  }

  @Override
  public int read() throws IOException {
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    var read = in.read(buffer, offset, length);
    if (read < 0) {
      verify();
      return -1;
    }
    count += read;
    if (count > expected.size()) {
      throw RegistryException.invalid(
          "The content %s is longer than the %,d bytes that the manifest says"
              .formatted(expected.digest(), expected.size()));
    }
    digest.update(buffer, offset, read);
    progress.accept(read);
    return read;
  }

  private void verify() throws RegistryException {
    if (verified) {
      return;
    }
    if (count < expected.size()) {
      throw RegistryException.passing(
          "The content %s ended after %,d of %,d bytes"
              .formatted(expected.digest(), count, expected.size()),
          new IOException("unexpected end"));
    }
    var actual = expected.digest().finished(digest.digest());
    if (!actual.equals(expected.digest())) {
      throw RegistryException.passing(
          "The content %s is damaged or false: it has the digest %s"
              .formatted(expected.digest(), actual),
          new IOException("digest mismatch"));
    }
    verified = true;
  }

  /** Reads what an unpacker left, so that the end is seen. */
  void drain() throws IOException {
    var buffer = new byte[64 << 10];
    for (var read = 0; read >= 0; ) {
      read = read(buffer, 0, buffer.length);
    }
  }

  /** Java's unpacker of gzip takes 0 for the end, and there may be another member to come. */
  @Override
  public int available() {
    return count < expected.size() ? 1 : 0;
  }

  @Override
  public long skip(long n) throws IOException {
    var buffer = new byte[(int) Math.min(Math.max(n, 0), 8192)];
    return Math.max(0, read(buffer, 0, buffer.length));
  }

  @Override
  public boolean markSupported() {
    return false;
  }
}
