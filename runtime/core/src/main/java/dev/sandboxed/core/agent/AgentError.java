package dev.sandboxed.core.agent;

import dev.sandboxed.OutputTail;
import dev.sandboxed.core.protocol.JsonObject;

/**
 * The agent's answer to a request that it could not fulfil.
 *
 * @param kind which error, one of the protocol's names
 * @param message the agent's words, safe to print
 * @param path the path that it is about; may be empty
 */
record AgentError(String kind, String message, String path) {
  private static final int MAX_TEXT = 4096;

  static AgentError of(JsonObject error) {
    return new AgentError(text(error, "kind"), text(error, "message"), text(error, "path"));
  }

  /** Whether the request was ended with the sandbox. Nothing else cancels one that we do not. */
  boolean isOfEnd() {
    return kind.equals("CANCELLED");
  }

  private static String text(JsonObject error, String name) {
    var text = OutputTail.printable(error.string(name).orElse(""));
    return text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) + "…" : text;
  }
}
