package dev.sandboxed.core.agent;

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
    return Request.of(
        message(op, path, members), answer, error -> FileErrors.of(error, verb, path));
  }

  /**
   * Makes a request to unpack a tar.
   *
   * @param into the directory to unpack in, made where it is missing
   * @param verb what is done, for messages
   * @param named the path that the caller knows, for messages
   */
  Request<Done> untar(String into, String verb, String named) {
    return Request.of(
        message("untar", into, Map.of("parents", true)),
        ok -> new Done(),
        error -> FileErrors.of(error, verb, named));
  }

  private Map<String, @Nullable Object> message(
      String op, String path, Map<String, ? extends @Nullable Object> members) {
    var message = new LinkedHashMap<String, @Nullable Object>();
    message.put("op", op);
    message.put("path", Checks.path(context.workdir(), path));
    message.putAll(members);
    return message;
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
}
