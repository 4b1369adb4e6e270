package dev.sandboxed.core.dockerfile;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** The form of arguments that is a JSON list of texts. What is no such list is the other form. */
final class ExecForm {
  private static final JsonFactory FACTORY = JsonFactory.builder().build();

  private ExecForm() {}

  static Optional<List<String>> parse(String text) {
    if (!text.stripLeading().startsWith("[")) {
      return Optional.empty();
    }
    var words = new ArrayList<String>();
    try (var parser = FACTORY.createParser(ObjectReadContext.empty(), text)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        return Optional.empty();
      }
      for (var token = parser.nextToken();
          token != JsonToken.END_ARRAY;
          token = parser.nextToken()) {
        if (token != JsonToken.VALUE_STRING) {
          return Optional.empty();
        }
        words.add(parser.getString());
      }
      return parser.nextToken() == null ? Optional.of(List.copyOf(words)) : Optional.empty();
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }
}
