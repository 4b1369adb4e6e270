package dev.sandboxed.core.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads documents that nobody vouches for. */
final class Json {
  private static final int MAX_DEPTH = 32;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
                  .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
                  .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
                  .build())
          .build();

  private Json() {}

  /**
   * Parses an object.
   *
   * @param what what it is, for the message
   */
  static JsonNode object(byte[] bytes, String what) throws RegistryException {
    try {
      var node = MAPPER.readTree(bytes);
      if (node != null && node.isObject()) {
        return node;
      }
    } catch (JacksonException e) {
      throw new RegistryException(
          RegistryException.Kind.INVALID,
          what + " is not valid JSON: " + e.getOriginalMessage().lines().findFirst().orElse(""),
          e);
    }
    throw RegistryException.invalid(what + " is not a JSON object");
  }

  /** Returns a text that is not empty. */
  static Optional<String> text(JsonNode node, String member) {
    var value = node.path(member);
    return value.isString() && !value.asString().isEmpty()
        ? Optional.of(value.asString())
        : Optional.empty();
  }

  /** Returns what is text in a list. */
  static List<String> texts(JsonNode node, String member) {
    var texts = new ArrayList<String>();
    for (var value : node.path(member)) {
      if (value.isString()) {
        texts.add(value.asString());
      }
    }
    return List.copyOf(texts);
  }
}
