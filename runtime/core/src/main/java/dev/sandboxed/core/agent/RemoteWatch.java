package dev.sandboxed.core.agent;

import dev.sandboxed.FileEvent;
import dev.sandboxed.FileWatch;
import dev.sandboxed.OutputTail;
import dev.sandboxed.core.agent.FileRequests.Done;
import dev.sandboxed.core.protocol.JsonObject;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** A watch of files inside: one thread reads its events and calls the listener. */
final class RemoteWatch implements FileWatch {
  private final String path;
  private final Consumer<FileEvent> listener;
  private final OutputPipe pipe = OutputPipe.ofWindow(OutputPipe.PROCESS_WINDOW);
  private final CompletableFuture<Done> watching = new CompletableFuture<>();
  private final AgentStream<Done> stream;
  private final ReentrantLock calling = new ReentrantLock();
  private volatile boolean closed;

  private RemoteWatch(
      FileRequests requests, String path, boolean recursive, Consumer<FileEvent> listener) {
    this.path = path;
    this.listener = listener;
    stream =
        requests.prepare(
            requests
                .request("watch", "watch", path, Map.of("recursive", recursive))
                .withOutput(pipe)
                .withEvents(this::event));
    stream
        .answer()
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                watching.completeExceptionally(failure);
              } else {
                watching.complete(done);
              }
            });
  }

  /** Starts a watch, and returns once it sees changes. */
  static RemoteWatch start(
      FileRequests requests, String path, boolean recursive, Consumer<FileEvent> listener) {
    var watch = new RemoteWatch(requests, path, recursive, listener);
    requests.begin(watch.stream);
    Waits.join(watch.watching, path, watch.stream::cancel);
    var thread = new Thread(watch::run, "sandboxed-watch-" + OutputTail.printable(path));
    thread.setDaemon(true);
    thread.start();
    return watch;
  }

  @Override
  public void close() {
    closed = true;
    stream.cancel();
    pipe.discard();
    if (!calling.isHeldByCurrentThread()) {
      // The listener is not called after this returns: wait for a call that is under way.
      awaitCall();
    }
  }

  @SuppressWarnings("LockNotBeforeTry") // nothing is done under the lock
  private void awaitCall() {
    calling.lock();
    calling.unlock();
  }

  private void event(JsonObject event) {
    if (event.flag("watching")) {
      watching.complete(new Done());
    }
  }

  private void run() {
    try {
      var lines = new JsonLines(pipe);
      for (var line = lines.next(); line != null && !closed; line = lines.next()) {
        parse(line).ifPresent(this::call);
      }
    } catch (IOException e) {
      if (!closed) {
        log("The watch of %s ended: %s".formatted(path, e.getMessage()), e);
      }
    }
  }

  private void call(FileEvent event) {
    calling.lock();
    try {
      if (!closed) {
        listener.accept(event);
      }
    } catch (RuntimeException e) {
      // One bad call must not end the watch silently: the next event is delivered too.
      log("A listener of the watch of %s failed".formatted(path), e);
    } finally {
      calling.unlock();
    }
  }

  private static void log(String message, Exception cause) {
    System.getLogger("dev.sandboxed").log(Level.WARNING, OutputTail.printable(message), cause);
  }

  private static Optional<FileEvent> parse(JsonObject event) {
    var kind = event.string("kind").orElse("");
    for (var known : FileEvent.Kind.values()) {
      if (known.name().equals(kind)) {
        return Optional.of(new FileEvent(known, event.string("path").orElse("")));
      }
    }
    return Optional.empty();
  }
}
