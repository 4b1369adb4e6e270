package dev.sandboxed.maven;

import dev.sandboxed.SandboxInfo;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.core.JsonGenerator;

/**
 * Running sandboxes, for people or programs to read.
 *
 * @param sandboxes what is shown
 * @param now the time that ages are told from
 */
record SandboxTable(List<SandboxInfo> sandboxes, Instant now) {
  private static final List<String> HEADER =
      List.of("ID", "APP", "NAME", "TAGS", "AGE", "LEFT", "READY", "IMAGE", "COMMAND");

  SandboxTable {
    sandboxes = List.copyOf(sandboxes);
  }

  /** Shows a row for each sandbox, below a header. */
  void show(Console console) {
    if (sandboxes.isEmpty()) {
      console.info("No sandbox runs.");
      return;
    }
    new TextTable(HEADER, sandboxes.stream().map(this::row).toList()).show(console);
  }

  /** Writes an array with an object for each sandbox. */
  void writeTo(JsonGenerator to) {
    to.writeStartArray();
    for (var sandbox : sandboxes) {
      to.writeStartObject();
      to.writeStringProperty("id", sandbox.id());
      to.writeStringProperty("app", sandbox.app());
      sandbox.name().ifPresent(name -> to.writeStringProperty("name", name));
      to.writeObjectPropertyStart("tags");
      sandbox.tags().forEach((key, value) -> JsonOutput.text(to, key, value));
      to.writeEndObject();
      to.writeStringProperty("created", JsonOutput.time(sandbox.created()));
      to.writeNumberProperty("timeoutSeconds", sandbox.timeout().toSeconds());
      sandbox
          .idleTimeout()
          .ifPresent(idle -> to.writeNumberProperty("idleTimeoutSeconds", idle.toSeconds()));
      to.writeBooleanProperty("detached", sandbox.detached());
      if (sandbox.readiness() != SandboxInfo.Readiness.UNKNOWN) {
        to.writeBooleanProperty("ready", sandbox.readiness() == SandboxInfo.Readiness.READY);
      }
      JsonOutput.text(to, "image", sandbox.image());
      JsonOutput.text(to, "command", sandbox.command());
      to.writeArrayPropertyStart("ports");
      sandbox.ports().forEach(to::writeNumber);
      to.writeEndArray();
      to.writeEndObject();
    }
    to.writeEndArray();
  }

  private List<String> row(SandboxInfo sandbox) {
    var age = Duration.between(sandbox.created(), now);
    return List.of(
        sandbox.id(),
        sandbox.app(),
        sandbox.name().orElse("-"),
        TextTable.cell(
            sandbox.tags().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(t -> t.getKey() + "=" + t.getValue())
                .collect(Collectors.joining(","))),
        TextTable.cell(age),
        TextTable.cell(sandbox.timeout().minus(age)),
        ready(sandbox.readiness()),
        TextTable.cell(sandbox.image()),
        TextTable.cell(sandbox.command()));
  }

  private static String ready(SandboxInfo.Readiness readiness) {
    return switch (readiness) {
      case UNKNOWN -> "-";
      case WAITING -> "no";
      case READY -> "yes";
    };
  }
}
