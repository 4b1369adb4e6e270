package dev.sandboxed.core.agent;

import static dev.sandboxed.core.protocol.ProtocolException.Rule.CONVERSATION;

import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;

/** Reads exit codes and reasons that come from inside. */
final class ExitReports {
  private ExitReports() {}

  static ExitStatus status(JsonObject report) throws ProtocolException {
    var code = report.number("code").orElse(-1);
    var reason = report.string("reason").orElse("");
    if (code < 0 || code > 255) {
      throw new ProtocolException(CONVERSATION, "an exit code that is not 0 to 255: " + code);
    }
    for (var known : ExitReason.values()) {
      if (known.name().equals(reason)) {
        return new ExitStatus((int) code, known);
      }
    }
    throw new ProtocolException(CONVERSATION, "an exit reason that does not exist");
  }
}
