package dev.sandboxed.maven;

import java.io.PrintStream;
import java.io.StringWriter;
import java.time.Instant;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;

/**
 * Writes JSON for programs: ASCII only, so that what came from inside a sandbox neither depends on
 * the encoding of standard output nor does anything to a terminal that shows it.
 */
final class JsonOutput {
  private static final JsonFactory FACTORY =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private JsonOutput() {}

  /** Returns a value as one line. */
  static String of(Consumer<JsonGenerator> value) {
    var text = new StringWriter();
    try (var to = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
      value.accept(to);
    }
    return text.toString();
  }

  /** Writes a value as one line. */
  static void print(PrintStream to, Consumer<JsonGenerator> value) {
    to.println(of(value));
    to.flush();
  }

  /** Returns a time the way all goals write it, to the millisecond. */
  static String time(Instant time) {
    return Instant.ofEpochMilli(time.toEpochMilli()).toString();
  }

  /** Writes text; halves of characters, which no JSON can hold, are replaced. */
  static void text(JsonGenerator to, String name, @Nullable String text) {
    if (text == null) {
      to.writeNullProperty(name);
    } else {
      to.writeStringProperty(name, whole(text));
    }
  }

  private static String whole(String text) {
    var whole = new StringBuilder(text.length());
    text.codePoints()
        .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xfffd : c)
        .forEach(whole::appendCodePoint);
    return whole.toString();
  }
}
