package dev.sandboxed.maven;

import dev.sandboxed.SandboxInfo;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Running sandboxes, for people or programs to read.
 *
 * @param sandboxes what is shown
 * @param now the time that ages are told from
 */
record SandboxTable(List<SandboxInfo> sandboxes, Instant now) {
  private static final int MAX_CELL = 60;
  private static final List<String> HEADER =
      List.of("ID", "APP", "NAME", "TAGS", "AGE", "LEFT", "IMAGE", "COMMAND");

  SandboxTable {
    sandboxes = List.copyOf(sandboxes);
  }

  /** Shows a row for each sandbox, below a header. */
  void show(Console console) {
    if (sandboxes.isEmpty()) {
      console.info("No sandbox runs.");
      return;
    }
    var rows = new ArrayList<List<String>>();
    rows.add(HEADER);
    sandboxes.forEach(s -> rows.add(row(s)));
    var widths = new int[HEADER.size()];
    for (var row : rows) {
      for (var i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (var row : rows) {
      var line = new StringBuilder();
      for (var i = 0; i < widths.length; i++) {
        line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
      }
      console.info(line.toString().stripTrailing());
    }
  }

  /** Returns an array with an object for each sandbox. */
  String json() {
    var text = new StringWriter();
    try (var to = new JsonFactory().createGenerator(ObjectWriteContext.empty(), text)) {
      to.writeStartArray();
      for (var sandbox : sandboxes) {
        to.writeStartObject();
        to.writeStringProperty("id", sandbox.id());
        to.writeStringProperty("app", sandbox.app());
        sandbox.name().ifPresent(name -> to.writeStringProperty("name", name));
        to.writeObjectPropertyStart("tags");
        sandbox.tags().forEach(to::writeStringProperty);
        to.writeEndObject();
        to.writeStringProperty("created", sandbox.created().toString());
        to.writeNumberProperty("timeoutSeconds", sandbox.timeout().toSeconds());
        sandbox
            .idleTimeout()
            .ifPresent(idle -> to.writeNumberProperty("idleTimeoutSeconds", idle.toSeconds()));
        to.writeBooleanProperty("detached", sandbox.detached());
        to.writeStringProperty("image", sandbox.image());
        to.writeStringProperty("command", sandbox.command());
        to.writeArrayPropertyStart("ports");
        sandbox.ports().forEach(to::writeNumber);
        to.writeEndArray();
        to.writeEndObject();
      }
      to.writeEndArray();
    }
    return text.toString();
  }

  private List<String> row(SandboxInfo sandbox) {
    var age = Duration.between(sandbox.created(), now);
    return List.of(
        sandbox.id(),
        sandbox.app(),
        sandbox.name().orElse("-"),
        cell(
            sandbox.tags().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(t -> t.getKey() + "=" + t.getValue())
                .collect(Collectors.joining(","))),
        time(age),
        time(sandbox.timeout().minus(age)),
        cell(sandbox.image()),
        cell(sandbox.command()));
  }

  private static String cell(String text) {
    var safe = SafeText.line(text);
    var cut = safe.length() > MAX_CELL ? safe.substring(0, MAX_CELL - 1) + "…" : safe;
    return cut.isEmpty() ? "-" : cut;
  }

  private static String time(Duration time) {
    var seconds = Math.max(0, time.toSeconds());
    return seconds < 60
        ? seconds + "s"
        : seconds < 3600
            ? "%dm%02ds".formatted(seconds / 60, seconds % 60)
            : "%dh%02dm".formatted(seconds / 3600, seconds / 60 % 60);
  }
}
