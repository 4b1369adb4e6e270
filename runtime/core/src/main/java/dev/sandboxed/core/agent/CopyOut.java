package dev.sandboxed.core.agent;

import dev.sandboxed.OutputTail;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFileException;
import dev.sandboxed.core.agent.FileRequests.Done;
import dev.sandboxed.core.tree.ArchiveLimits;
import dev.sandboxed.core.tree.TarExtractor;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;

/** Copies a file or directory out of the sandbox, as a tar that the host unpacks with care. */
final class CopyOut implements CopyTask {
  private final String source;
  private final Path target;
  private final OutputPipe pipe;
  private final AgentStream<Done> stream;

  private CopyOut(String source, Path target, OutputPipe pipe, AgentStream<Done> stream) {
    this.source = source;
    this.target = target;
    this.pipe = pipe;
    this.stream = stream;
  }

  static CopyOut start(FileRequests requests, String source, Path target) {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw exists(source, target);
    }
    var pipe = OutputPipe.ofWindow(OutputPipe.FILE_WINDOW);
    var stream = requests.open(requests.request("tar", "copy", source, Map.of()).withOutput(pipe));
    return new CopyOut(source, target, pipe, stream);
  }

  @Override
  public void run() {
    try (var in = new PipeInputStream(pipe, () -> {})) {
      pipe.await();
      TarExtractor.extract(in, target, ArchiveLimits.generous());
    } catch (InterruptedIOException e) {
      throw Waits.interrupted(source, stream::cancel, e);
    } catch (FileAlreadyExistsException e) {
      throw exists(source, target);
    } catch (IOException e) {
      stream.cancel();
      failed(e);
    } catch (SandboxException e) {
      e.fillInStackTrace();
      throw e;
    }
    Waits.join(stream.answer(), source, stream::cancel);
  }

  @Override
  public void cancel() {
    stream.cancel();
  }

  /** Throws the agent's reason, if it has one of its own, else the host's. */
  private void failed(IOException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof SandboxException) {
        Waits.join(stream.answer(), source, stream::cancel);
      }
    }
    throw new SandboxException(
        "Cannot copy %s out of the sandbox to %s: %s"
            .formatted(OutputTail.printable(source), target, e.getMessage()),
        e);
  }

  private static SandboxFileException exists(String source, Path target) {
    return new SandboxFileException.AlreadyExists(
        "Cannot copy %s out of the sandbox: the host has %s already; remove it first, or copy to another name"
            .formatted(OutputTail.printable(source), target.toAbsolutePath()),
        target.toString());
  }
}
