package dev.sandboxed.junit;

import dev.sandboxed.junit.diagnosis.Facts;
import dev.sandboxed.junit.diagnosis.Inquiry;
import dev.sandboxed.junit.diagnosis.KeptSnapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.MediaType;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.JUnitException;

/** Writes down what is known of the sandboxes of a failed test, and says where it is. */
final class Diagnostics {
  private final RecordingSandbox sandbox;
  private final ExtensionContext context;
  private final Facts facts;
  private final List<String> notes = new ArrayList<>();
  private Optional<Inquiry<String>> snapshot = Optional.empty();

  private Diagnostics(RecordingSandbox sandbox, ExtensionContext context) {
    this.sandbox = sandbox;
    this.context = context;
    this.facts = sandbox.facts();
  }

  /**
   * Attaches files to the report of a test.
   *
   * @return what its failure has to tell, with the names of the files; empty if there is nothing
   */
  static String publish(List<RecordingSandbox> sandboxes, ExtensionContext context) {
    // Files cannot be written by a thread that is interrupted, such as by the test's timeout.
    var interrupted = Thread.interrupted();
    try {
      // All are asked before one is waited for: the time limits go by together.
      var asked = sandboxes.stream().map(s -> new Diagnostics(s, context)).toList();
      asked.forEach(Diagnostics::write);
      asked.forEach(Diagnostics::keep);
      return asked.stream()
          .map(Diagnostics::tell)
          .filter(text -> !text.isEmpty())
          .collect(Collectors.joining("\n\n"));
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void write() {
    if (sandbox.wanted().mode() != DiagnosticsMode.OFF) {
      write(sandbox.id() + ".txt", sandbox.summary(facts));
      var diff = facts.diff();
      if (!diff.isEmpty()) {
        write(sandbox.id() + ".diff", diff);
      }
    }
  }

  /** Not before the other questions are answered: programs stand still meanwhile. */
  private void keep() {
    if (sandbox.wanted().snapshot()) {
      snapshot = Optional.of(sandbox.keep());
    }
  }

  private String tell() {
    var activity = sandbox.activity(facts);
    var more = new ArrayList<String>();
    if (!notes.isEmpty()) {
      more.add("More about it:\n  " + String.join("\n  ", notes));
    }
    snapshot.map(KeptSnapshot::describe).ifPresent(more::add);
    return more.isEmpty()
        ? activity.orElse("")
        : activity.orElseGet(sandbox::heading) + "\n" + String.join("\n", more);
  }

  private void write(String name, String text) {
    var written = new ArrayList<Path>();
    try {
      context.publishFile(
          name,
          MediaType.TEXT_PLAIN_UTF_8,
          file -> {
            Files.writeString(file, text);
            written.add(file);
          });
      written.forEach(file -> notes.add(file.toAbsolutePath().normalize().toString()));
    } catch (JUnitException | UncheckedIOException e) {
      // Without such a cause the launcher has no directory for files: it takes no attachments.
      if (e.getCause() instanceof IOException why) {
        notes.add("%s could not be written: %s".formatted(name, why));
      }
    }
  }
}
