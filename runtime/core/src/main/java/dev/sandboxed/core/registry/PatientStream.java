package dev.sandboxed.core.registry;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A body that is given up when nothing comes for a while; the JDK's client would wait for ever.
 * Read by one thread at a time.
 */
final class PatientStream extends FilterInputStream {
  private final Duration patience;
  private final String host;

  /**
   * The time, by {@link System#nanoTime}, since which a read waits; meaningless while none does.
   */
  private volatile long since;

  private volatile boolean reading;
  private volatile boolean closed;
  private volatile boolean givenUp;

  PatientStream(InputStream in, Duration patience, String host) {
    super(in);
    this.patience = patience;
    this.host = host;
    watchAfter(patience.toNanos());
  }

  private void watchAfter(long nanos) {
    CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS, Runnable::run)
        .execute(this::watch);
  }

  private void watch() {
    if (closed) {
      return;
    }
    var left = reading ? patience.toNanos() - (System.nanoTime() - since) : patience.toNanos();
    if (left > 0) {
      watchAfter(left);
      return;
    }
    givenUp = true;
    try {
      in.close();
    } catch (IOException e) {
      // The reader is told what happened.
    }
  }

  @Override
  public int read() throws IOException {
    var one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    since = System.nanoTime();
    reading = true;
    int read;
    try {
      read = in.read(buffer, offset, length);
    } catch (IOException e) {
      throw givenUp ? silent() : brokenOff(e);
    } finally {
      reading = false;
    }
    if (givenUp) {
      throw silent();
    }
    return read;
  }

  private RegistryException silent() {
    return RegistryException.passing(
        "The registry %s sent nothing for %d s".formatted(host, patience.toSeconds()),
        new IOException("given up waiting"));
  }

  private IOException brokenOff(IOException e) {
    if (Thread.currentThread().isInterrupted()) {
      return e;
    }
    return RegistryException.passing(
        "The registry %s broke off (%s)"
            .formatted(host, RegistryHttp.shown(RegistryHttp.reason(e))),
        e);
  }

  @Override
  public void close() throws IOException {
    closed = true;
    in.close();
  }
}
