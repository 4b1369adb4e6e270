package dev.sandboxed.core.agent;

import dev.sandboxed.SandboxException;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What to ask of the agent, and what to make of the answer.
 *
 * @param message the request
 * @param answer reads the answer
 * @param errors turns the agent's error into the caller's
 * @param events takes the stream's events
 * @param output takes the output channel
 * @param errorOutput takes the error output channel
 * @param onCredit called when the agent is ready for more input
 * @param <T> the answer
 */
record Request<T>(
    JsonObject message,
    Parser<T> answer,
    Function<AgentError, SandboxException> errors,
    Events events,
    Optional<Sink> output,
    Optional<Sink> errorOutput,
    Runnable onCredit) {

  /** Reads an answer of the agent. */
  interface Parser<T> {
    T parse(JsonObject answer) throws ProtocolException;
  }

  /** Takes an event of the agent. */
  interface Events {
    void event(JsonObject event) throws ProtocolException;
  }

  static <T> Request<T> of(
      Map<String, ? extends @Nullable Object> message,
      Parser<T> answer,
      Function<AgentError, SandboxException> errors) {
    return new Request<>(
        JsonObject.of(message),
        answer,
        errors,
        event -> {},
        Optional.empty(),
        Optional.empty(),
        () -> {});
  }

  Request<T> withOutput(Sink sink) {
    return new Request<>(message, answer, errors, events, Optional.of(sink), errorOutput, onCredit);
  }

  Request<T> withErrorOutput(Sink sink) {
    return new Request<>(message, answer, errors, events, output, Optional.of(sink), onCredit);
  }

  Request<T> withEvents(Events handler) {
    return new Request<>(message, answer, errors, handler, output, errorOutput, onCredit);
  }

  Request<T> withOnCredit(Runnable handler) {
    return new Request<>(message, answer, errors, events, output, errorOutput, handler);
  }
}
