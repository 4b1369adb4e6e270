package dev.sandboxed.core.agent;

import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFilter;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.core.protocol.JsonObject;
import java.util.Map;
import java.util.Optional;

/** The tags of a sandbox, which its keeper keeps. Thread-safe. */
final class RemoteTags {
  private static final JsonObject NONE = JsonObject.of(Map.of());

  private final String id;
  private final AgentContext context;
  private final SandboxLifecycle lifecycle;
  private volatile Map<String, String> last;

  RemoteTags(
      String id, Map<String, String> first, AgentContext context, SandboxLifecycle lifecycle) {
    this.id = id;
    this.last = first;
    this.context = context;
    this.lifecycle = lifecycle;
  }

  /** Asks for the tags, which another handle may have replaced. */
  Map<String, String> now() {
    if (!lifecycle.ended().isDone()) {
      try {
        last = ask();
      } catch (SandboxException e) {
        if (Thread.currentThread().isInterrupted()) {
          throw e;
        }
        lifecycle.awaitEnd(e);
      }
    }
    return lifecycle.lastTags().orElse(last);
  }

  private Map<String, String> ask() {
    return call(
        Request.of(
            Map.of("op", "info"),
            ok -> ok.object("tags").orElse(NONE).strings(),
            error -> failed("read", error)));
  }

  void replace(Map<String, String> tags) {
    // A filter has the same bounds as a spec, and the same words for what is wrong.
    var checked = new SandboxFilter(Optional.empty(), tags).tags();
    call(
        Request.of(
            Map.of("op", "tags", "tags", checked),
            ok -> checked,
            error -> failed("replaced", error)));
    last = checked;
  }

  private <T> T call(Request<T> request) {
    var stream = context.connection().prepare(request);
    context.connection().begin(stream);
    return Waits.join(stream.answer(), "the tags of the sandbox", stream::cancel);
  }

  private SandboxException failed(String verb, AgentError error) {
    var message =
        "The tags of the sandbox %s cannot be %s: %s (%s)"
            .formatted(id, verb, error.message(), error.kind());
    return error.isOfEnd()
        ? new SandboxNotRunningException(message)
        : new SandboxException(message);
  }
}
