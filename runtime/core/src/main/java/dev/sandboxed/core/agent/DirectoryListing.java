package dev.sandboxed.core.agent;

import dev.sandboxed.FileStat;
import dev.sandboxed.OutputTail;
import dev.sandboxed.SandboxFileException;
import dev.sandboxed.core.agent.FileRequests.Done;
import dev.sandboxed.core.protocol.ProtocolException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Reads what is in a directory inside. */
final class DirectoryListing {
  private static final int MAX_ENTRIES = 1_000_000;

  private final String path;
  private final OutputPipe pipe = OutputPipe.ofWindow(OutputPipe.FILE_WINDOW);
  private final AgentStream<Done> stream;

  DirectoryListing(FileRequests requests, String path) {
    this.path = path;
    stream = requests.open(requests.request("list", "list", path, Map.of()).withOutput(pipe));
  }

  List<FileStat> read() {
    var found = new ArrayList<FileStat>();
    try {
      var lines = new JsonLines(pipe);
      for (var line = lines.next(); line != null; line = lines.next()) {
        if (found.size() == MAX_ENTRIES) {
          throw new SandboxFileException.TooLarge(
              "The directory %s in the sandbox has more than %,d entries; look at parts of it with exec(\"find\", ...)"
                  .formatted(OutputTail.printable(path), MAX_ENTRIES),
              path);
        }
        found.add(FileStats.of(line));
      }
    } catch (InterruptedIOException e) {
      throw Waits.interrupted(path, stream::cancel, e);
    } catch (ProtocolException e) {
      throw new SandboxFileException(
          "Cannot list %s in the sandbox: its agent sent %s"
              .formatted(OutputTail.printable(path), e.getMessage()),
          path);
    } catch (IOException e) {
      // The answer says why, and is thrown below.
      Waits.join(stream.answer(), path, stream::cancel);
      throw new SandboxFileException(
          "Cannot list %s in the sandbox: %s".formatted(OutputTail.printable(path), e), path);
    } finally {
      stream.cancel();
      pipe.discard();
    }
    found.sort(Comparator.comparing(FileStat::name));
    return List.copyOf(found);
  }
}
