package dev.sandboxed.maven.project;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.toml.TomlFactory;

/**
 * Reads TOML, without what binds it to classes: in a JVM that has just begun, to set that up takes
 * longer than starting a sandbox.
 */
final class Toml {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private Toml() {}

  /** Returns the table that a text is; empty if it is not TOML. */
  static Optional<JsonNode> parse(String text) {
    try (var parser = new TomlFactory().createParser(ObjectReadContext.empty(), text)) {
      return Optional.of(read(parser));
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }

  /** Gathers tables and lists as they begin and end; texts are all that their readers ask for. */
  private static JsonNode read(JsonParser parser) {
    var root = NODES.arrayNode();
    Deque<JsonNode> open = new ArrayDeque<>();
    open.push(root);
    for (var token = parser.nextToken(); token != null; token = parser.nextToken()) {
      switch (token) {
        case START_OBJECT -> open.push(add(open.getFirst(), parser, NODES.objectNode()));
        case START_ARRAY -> open.push(add(open.getFirst(), parser, NODES.arrayNode()));
        case END_OBJECT, END_ARRAY -> open.pop();
        case PROPERTY_NAME -> {
          // Named by what follows.
        }
        case VALUE_STRING -> add(open.getFirst(), parser, NODES.stringNode(parser.getString()));
        case VALUE_TRUE, VALUE_FALSE ->
            add(open.getFirst(), parser, NODES.booleanNode(parser.getBooleanValue()));
        default -> add(open.getFirst(), parser, NODES.nullNode());
      }
    }
    return root.path(0);
  }

  private static JsonNode add(JsonNode to, JsonParser parser, JsonNode node) {
    if (to instanceof ObjectNode table) {
      table.set(parser.currentName(), node);
    } else if (to instanceof ArrayNode list) {
      list.add(node);
    }
    return node;
  }
}
