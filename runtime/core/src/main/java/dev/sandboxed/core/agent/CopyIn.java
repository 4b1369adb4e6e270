package dev.sandboxed.core.agent;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.OutputTail;
import dev.sandboxed.SandboxException;
import dev.sandboxed.core.agent.FileRequests.Done;
import dev.sandboxed.core.tree.ByteStrings;
import dev.sandboxed.core.tree.TarWriter;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Copies a host file or directory into the sandbox, as a tar that the agent unpacks. */
final class CopyIn implements CopyTask {
  private final Path source;
  private final String target;
  private final String name;
  private final AgentStream<Done> stream;

  private CopyIn(Path source, String target, String name, AgentStream<Done> stream) {
    this.source = source;
    this.target = target;
    this.name = name;
    this.stream = stream;
  }

  static CopyIn start(FileRequests requests, Path source, String target) {
    if (!Files.exists(source)) {
      throw new InvalidSpecException(
          "Cannot copy %s into the sandbox: it does not exist on the host"
              .formatted(source.toAbsolutePath()));
    }
    var directory = Files.isDirectory(source);
    var trimmed = target.replaceAll("(?<=.)/+$", "");
    var slash = trimmed.lastIndexOf('/');
    var name = trimmed.substring(slash + 1);
    if (!directory && (name.isEmpty() || name.equals(".") || name.equals(".."))) {
      throw new InvalidSpecException(
          "\"%s\" is no path for a file in the sandbox; give the file's new name too"
              .formatted(OutputTail.printable(target)));
    }
    var into = directory ? target : slash < 0 ? "." : trimmed.substring(0, Math.max(1, slash));
    return new CopyIn(source, target, name, requests.open(requests.untar(into, "copy to", target)));
  }

  @Override
  public void run() {
    try (var out = new InputChannelStream(stream)) {
      TarWriter.write(source, ByteStrings.of(name), out);
    } catch (InterruptedIOException e) {
      throw Waits.interrupted(target, stream::cancel, e);
    } catch (IOException e) {
      stream.cancel();
      failed(e);
    }
    Waits.join(stream.answer(), target, stream::cancel);
  }

  @Override
  public void cancel() {
    stream.cancel();
  }

  /** Throws the agent's reason, if it has one of its own, else the host's. */
  private void failed(IOException e) {
    try {
      Waits.join(stream.answer(), target, stream::cancel);
    } catch (SandboxException reason) {
      if (e.getCause() == reason) {
        throw reason;
      }
    }
    throw new SandboxException(
        "Cannot copy %s into the sandbox: %s".formatted(source, e.getMessage()), e);
  }
}
