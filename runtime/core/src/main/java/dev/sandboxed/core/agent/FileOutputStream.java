package dev.sandboxed.core.agent;

import dev.sandboxed.SandboxException;
import dev.sandboxed.core.agent.FileRequests.Done;
import java.io.FilterOutputStream;
import java.io.IOException;

/** Writes a file inside; closing it waits until the agent has written everything. */
final class FileOutputStream extends FilterOutputStream {
  private final AgentStream<Done> stream;
  private final String path;
  private boolean closed;

  FileOutputStream(AgentStream<Done> stream, String path) {
    super(new InputChannelStream(stream));
    this.stream = stream;
    this.path = path;
  }

  @Override
  public void write(byte[] from, int offset, int length) throws IOException {
    out.write(from, offset, length);
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    IOException failure = null;
    try {
      out.close();
    } catch (IOException e) {
      failure = e;
    }
    try {
      Waits.join(stream.answer(), path, stream::cancel);
    } catch (SandboxException e) {
      // The agent knows best why nothing more could be sent.
      throw new IOException(e.getMessage(), e);
    }
    if (failure != null) {
      throw failure;
    }
  }
}
