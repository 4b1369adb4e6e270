package dev.sandboxed.core.agent;

import dev.sandboxed.SandboxException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Asks the agent about files; paths may be relative to the working directory. */
final class FileRequests {
  private final AgentContext context;

  FileRequests(AgentContext context) {
    this.context = context;
  }

  /** The answer of a call that tells nothing but that it went well. */
  record Done() {}

  /**
   * Makes a request.
   *
   * @param op the agent's operation
   * @param verb what it does, for messages
   * @param path the path that it is about
   * @param members what else the request says
   */
  Request<Done> request(
      String op, String verb, String path, Map<String, ? extends @Nullable Object> members) {
    return request(op, verb, path, members, ok -> new Done());
  }

  <T> Request<T> request(
      String op,
      String verb,
      String path,
      Map<String, ? extends @Nullable Object> members,
      Request.Parser<T> answer) {
    var message = new LinkedHashMap<String, @Nullable Object>();
    message.put("op", op);
    message.put("path", Checks.path(context.workdir(), path));
    message.putAll(members);
    return Request.of(message, answer, error -> failure(error, verb, path));
  }

  /** Returns the stream of a request, which {@link #begin} sends. */
  <T> AgentStream<T> prepare(Request<T> request) {
    return context.connection().prepare(request);
  }

  /** Sends the request of a stream, and notes the call. */
  void begin(AgentStream<?> stream) {
    var message = stream.request();
    context
        .log()
        .note(
            stream.answer(),
            () -> message.string("op").orElse("") + " " + message.string("path").orElse(""),
            answer -> "done");
    context.connection().begin(stream);
  }

  /** Sends a request. */
  <T> AgentStream<T> open(Request<T> request) {
    var stream = prepare(request);
    begin(stream);
    return stream;
  }

  /** Sends a request whose input is given. */
  <T> AgentStream<T> open(Request<T> request, byte[] input) {
    var pump = new InputPump(Optional.of(input));
    var stream = prepare(request.withOnCredit(pump));
    pump.attach(stream);
    begin(stream);
    return stream;
  }

  /** Sends a request and waits for its answer. */
  <T> T call(Request<T> request, String path) {
    var stream = open(request);
    return Waits.join(stream.answer(), path, stream::cancel);
  }

  private static SandboxException failure(AgentError error, String verb, String path) {
    return FileErrors.of(error, verb, path);
  }
}
