package dev.sandboxed.core.agent;

import java.io.IOException;
import java.io.OutputStream;

/** The stdin of a process whose input was given when it was started: nothing more can follow. */
final class GivenInputStream extends OutputStream {
  @Override
  public void write(int b) throws IOException {
    throw new IOException(
        "The input of this process was given with stdin(...) and is closed; leave that out to write"
            + " here");
  }
}
