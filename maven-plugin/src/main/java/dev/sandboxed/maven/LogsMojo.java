package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.Durations;
import dev.sandboxed.LogLine;
import dev.sandboxed.SecretMask;
import java.time.Instant;
import java.util.function.Consumer;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Shows what the entrypoint of a sandbox printed, and what a verbose one noted of calls, also after
 * the sandbox has ended.
 */
@Mojo(name = "logs", requiresProject = false, aggregator = true, threadSafe = true)
public final class LogsMojo extends AbstractSandboxesMojo {
  /** The sandbox: its id, its name, or {@code app/name}; once it has ended, its id. */
  @Parameter(property = "sandbox.id", required = true)
  String sandboxId = "";

  /** Shows only so many of the last lines. */
  @Parameter(property = "sandbox.tail")
  @Nullable Integer tail;

  /** Shows only what was printed within a time up to now, such as {@code 10m} or {@code 30s}. */
  @Parameter(property = "sandbox.since")
  private @Nullable String since;

  /** Goes on with what comes, up to the end of the sandbox. */
  @Parameter(property = "sandbox.follow", defaultValue = "false")
  private boolean follow;

  /** Made by Maven. */
  public LogsMojo() {}

  @Override
  void run(Backend backend, Output shown) {
    try (var sandbox = find(backend, sandboxId)) {
      var mask = SecretMask.of(sandbox.spec().secrets());
      Consumer<LogLine> show =
          line -> show(new LogLine(line.at(), line.source(), mask.apply(line.text())), shown);
      var log = sandbox.logs();
      if (since != null) {
        log = log.since(Instant.now().minus(Durations.parse(since)));
      }
      if (tail != null) {
        log = log.tail(tail);
      }
      if (follow) {
        try (var lines = log.follow()) {
          lines.forEach(show);
        }
      } else {
        log.lines().forEach(show);
      }
    }
  }

  private void show(LogLine line, Output shown) {
    if (shown == Output.JSON) {
      print(
          to -> {
            to.writeStartObject();
            to.writeStringProperty("at", JsonOutput.time(line.at()));
            to.writeStringProperty("source", line.source().name());
            JsonOutput.text(to, "text", line.text());
            to.writeEndObject();
          });
      return;
    }
    var text = SafeText.line(line.text());
    if (line.source() == LogLine.Source.STDERR) {
      getLog().warn(text);
    } else if (line.source() == LogLine.Source.NOTE) {
      getLog().info("[note] " + text);
    } else {
      getLog().info(text);
    }
  }
}
