package dev.sandboxed.gvisor;

import dev.sandboxed.ByteSize;
import dev.sandboxed.OutputTail;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxInfo;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.core.protocol.JsonObject;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads how keepers describe their sandboxes to others. */
final class Descriptions {
  /** The highest version of descriptions that is understood here. */
  private static final int FORMAT = 1;

  private static final JsonObject NONE = JsonObject.of(Map.of());

  private Descriptions() {}

  /** Reads a description for a list; empty, with a warning, if it is of another version. */
  static Optional<SandboxInfo> parse(JsonObject description) {
    var foreign = foreign(description);
    if (foreign.isPresent()) {
      System.getLogger("dev.sandboxed").log(Level.WARNING, foreign.get());
      return Optional.empty();
    }
    return Optional.of(info(description));
  }

  /**
   * Reads what a description tells of the spec: labels, ports and limits.
   *
   * @throws SandboxException if it is of another version
   */
  static SandboxSpec spec(JsonObject description) {
    foreign(description)
        .ifPresent(
            message -> {
              throw new SandboxException(message);
            });
    var info = info(description);
    var builder = Sandbox.builder().app(info.app()).timeout(info.timeout());
    info.name().ifPresent(builder::name);
    info.tags().forEach(builder::tag);
    info.idleTimeout().ifPresent(builder::idleTimeout);
    info.ports().forEach(builder::port);
    description.number("memoryBytes").ifPresent(m -> builder.memory(new ByteSize(m)));
    return builder.build();
  }

  private static Optional<String> foreign(JsonObject description) {
    var format = description.number("format").orElse(0);
    return format >= 1 && format <= FORMAT
        ? Optional.empty()
        : Optional.of(
            "The sandbox %s was started by the version %s, which describes it in format %d; this one reads format %d. Use that version for it"
                .formatted(text(description, "id"), text(description, "version"), format, FORMAT));
  }

  private static SandboxInfo info(JsonObject info) {
    return new SandboxInfo(
        text(info, "id"),
        text(info, "app"),
        info.string("name"),
        info.object("tags").orElse(NONE).strings(),
        Instant.ofEpochMilli(info.number("createdMillis").orElse(0)),
        text(info, "image"),
        text(info, "command"),
        Duration.ofMillis(info.number("timeoutMillis").orElse(0)),
        info.number("idleTimeoutMillis").stream().mapToObj(Duration::ofMillis).findFirst(),
        info.flag("detached"),
        info.array("ports").orElse(List.of()).stream()
            .filter(Number.class::isInstance)
            .map(p -> ((Number) p).intValue())
            .toList(),
        readiness(info));
  }

  private static SandboxInfo.Readiness readiness(JsonObject info) {
    if (info.number("readyMicros").isPresent()) {
      return SandboxInfo.Readiness.READY;
    }
    return info.flag("probed") ? SandboxInfo.Readiness.WAITING : SandboxInfo.Readiness.UNKNOWN;
  }

  private static String text(JsonObject info, String name) {
    return OutputTail.printable(info.string(name).orElse(""));
  }
}
