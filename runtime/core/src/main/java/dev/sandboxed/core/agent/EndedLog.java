package dev.sandboxed.core.agent;

import dev.sandboxed.SandboxException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** Reads the log of a sandbox that has ended from its files. */
record EndedLog(LogFiles files) implements LogSource {

  @Override
  public Snapshot now() {
    try (var pieces = files.pieces()) {
      return new Snapshot(ByteBuffer.wrap(pieces.readAllBytes()), 0);
    } catch (IOException e) {
      throw new SandboxException(
          "The log of the sandbox %s in %s cannot be read: %s"
              .formatted(files.id(), files.directory(), e.getMessage()),
          e);
    }
  }

  @Override
  public InputStream from(long next) {
    return InputStream.nullInputStream();
  }
}
