package dev.sandboxed.core.agent;

import java.io.InputStream;
import java.nio.ByteBuffer;

/** Where what an entrypoint printed is read from, in pieces with headers. */
interface LogSource {

  /**
   * What there is at one time.
   *
   * @param pieces all pieces that are kept
   * @param next where those that come later begin
   */
  record Snapshot(ByteBuffer pieces, long next) {}

  /** Returns what there is now. */
  Snapshot now();

  /** Returns what comes later, up to the end of the sandbox. */
  InputStream from(long next);
}
