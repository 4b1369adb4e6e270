package dev.sandboxed.core.agent;

import dev.sandboxed.core.agent.FileRequests.Done;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Reads a file into memory; no thread waits for it. */
final class FileRead {
  private static final long MAX_BYTES = 64L << 20;

  private final CompletableFuture<byte[]> result = new CompletableFuture<>();
  private final CollectingSink sink;
  private final AgentStream<Done> stream;

  private FileRead(FileRequests requests, String path) {
    sink = new CollectingSink(OutputPipe.FILE_WINDOW, MAX_BYTES, () -> tooLarge(path));
    stream = requests.prepare(requests.request("read", "read", path, Map.of()).withOutput(sink));
    stream
        .answer()
        .whenComplete(
            (done, failure) -> {
              if (failure == null) {
                result.complete(sink.bytes());
              } else {
                result.completeExceptionally(failure);
              }
            });
  }

  static FileRead start(FileRequests requests, String path) {
    var read = new FileRead(requests, path);
    requests.begin(read.stream);
    return read;
  }

  CompletableFuture<byte[]> result() {
    return result;
  }

  void cancel() {
    stream.cancel();
  }

  private void tooLarge(String path) {
    result.completeExceptionally(FileErrors.tooLarge(path, MAX_BYTES));
    stream.cancel();
  }
}
