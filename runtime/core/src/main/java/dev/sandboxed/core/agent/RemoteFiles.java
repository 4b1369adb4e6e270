package dev.sandboxed.core.agent;

import static dev.sandboxed.core.protocol.ProtocolException.Rule.CONVERSATION;

import dev.sandboxed.FileEvent;
import dev.sandboxed.FileStat;
import dev.sandboxed.FileWatch;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFileException;
import dev.sandboxed.SandboxFiles;
import dev.sandboxed.core.agent.FileRequests.Done;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** The files inside, through the agent; see {@link SandboxFiles}. */
final class RemoteFiles implements SandboxFiles {
  private final AgentContext context;
  private final FileRequests requests;

  RemoteFiles(AgentContext context) {
    this.context = context;
    requests = new FileRequests(context);
  }

  @Override
  public byte[] readBytes(String path) {
    var read = FileRead.start(requests, path);
    return Waits.join(read.result(), path, read::cancel);
  }

  @Override
  public CompletableFuture<byte[]> readBytesAsync(String path) {
    var read = FileRead.start(requests, path);
    return Waits.expose(read.result(), context.executor(), read::cancel);
  }

  @Override
  public void write(String path, byte[] bytes) {
    var stream = requests.open(writeRequest(path, "create"), bytes);
    Waits.join(stream.answer(), path, stream::cancel);
  }

  /** Writes a text file and the directories it is in; one that is there stays as it is. */
  void writeNew(String path, String text) {
    var request = requests.request("write", "write", path, Map.of("mode", "new", "parents", true));
    var stream = requests.open(request, text.getBytes(StandardCharsets.UTF_8));
    try {
      Waits.join(stream.answer(), path, stream::cancel);
    } catch (SandboxFileException.AlreadyExists e) {
      // The image has its own.
      return;
    }
  }

  @Override
  public CompletableFuture<Void> writeAsync(String path, byte[] bytes) {
    var stream = requests.open(writeRequest(path, "create"), bytes.clone());
    return Waits.expose(stream.answer().thenAccept(done -> {}), context.executor(), stream::cancel);
  }

  @Override
  public void append(String path, byte[] bytes) {
    var stream = requests.open(writeRequest(path, "append"), bytes);
    Waits.join(stream.answer(), path, stream::cancel);
  }

  @Override
  public InputStream inputStream(String path) {
    var pipe = OutputPipe.ofWindow(OutputPipe.FILE_WINDOW);
    var stream = requests.open(requests.request("read", "read", path, Map.of()).withOutput(pipe));
    try {
      pipe.await();
    } catch (InterruptedIOException e) {
      throw Waits.interrupted(path, stream::cancel, e);
    } catch (SandboxException e) {
      e.fillInStackTrace();
      throw e;
    }
    return new PipeInputStream(pipe, stream::cancel);
  }

  @Override
  public OutputStream outputStream(String path) {
    var stream = requests.open(writeRequest(path, "create"));
    try {
      stream.window().awaitOpen();
    } catch (InterruptedException e) {
      throw Waits.interrupted(path, stream::cancel, e);
    } catch (IOException e) {
      Waits.join(stream.answer(), path, stream::cancel);
    }
    return new FileOutputStream(stream, path);
  }

  @Override
  public List<FileStat> list(String path) {
    return new DirectoryListing(requests, path).read();
  }

  @Override
  public FileStat stat(String path) {
    return requests.call(
        requests.request("stat", "look at", path, Map.of(), RemoteFiles::stat), path);
  }

  @Override
  public boolean exists(String path) {
    try {
      stat(path);
      return true;
    } catch (SandboxFileException.NotFound | SandboxFileException.NotADirectory e) {
      return false;
    }
  }

  @Override
  public void makeDirectory(String path) {
    requests.call(requests.request("mkdir", "make the directory", path, Map.of()), path);
  }

  @Override
  public void makeDirectories(String path) {
    requests.call(
        requests.request("mkdir", "make the directory", path, Map.of("parents", true)), path);
  }

  @Override
  public void remove(String path) {
    requests.call(requests.request("remove", "remove", path, Map.of()), path);
  }

  @Override
  public void removeRecursively(String path) {
    requests.call(requests.request("remove", "remove", path, Map.of("recursive", true)), path);
  }

  @Override
  public void copyIn(Path source, String target) {
    CopyIn.start(requests, source, target).run();
  }

  @Override
  public CompletableFuture<Void> copyInAsync(Path source, String target) {
    return CopyTask.async(CopyIn.start(requests, source, target), context.executor());
  }

  @Override
  public void copyOut(String source, Path target) {
    CopyOut.start(requests, source, target).run();
  }

  @Override
  public CompletableFuture<Void> copyOutAsync(String source, Path target) {
    return CopyTask.async(CopyOut.start(requests, source, target), context.executor());
  }

  @Override
  public FileWatch watch(String path, boolean recursive, Consumer<FileEvent> listener) {
    return RemoteWatch.start(requests, path, recursive, listener);
  }

  private Request<Done> writeRequest(String path, String mode) {
    return requests.request("write", "write", path, Map.of("mode", mode));
  }

  private static FileStat stat(JsonObject ok) throws ProtocolException {
    var stat = ok.object("stat");
    if (stat.isEmpty()) {
      throw new ProtocolException(CONVERSATION, "the answer to stat without a stat");
    }
    return FileStats.of(stat.get());
  }
}
