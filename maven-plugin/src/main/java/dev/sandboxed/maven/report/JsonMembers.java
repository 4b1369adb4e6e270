package dev.sandboxed.maven.report;

import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonParser.NumberType;
import tools.jackson.core.JsonToken;

/**
 * Reads hostile JSON member by member, without a tree of it: what nobody asks for, and what is of
 * another type than it should be, is passed over.
 */
final class JsonMembers {
  private JsonMembers() {}

  /**
   * Reads an object.
   *
   * @param members takes the value of each member that is of interest, to its end
   */
  static void object(JsonParser parser, Map<String, Consumer<JsonParser>> members) {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      parser.skipChildren();
      return;
    }
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      var name = parser.currentName();
      parser.nextToken();
      members.getOrDefault(name, JsonParser::skipChildren).accept(parser);
    }
  }

  /**
   * Reads an array.
   *
   * @param element takes each element, to its end
   */
  static void array(JsonParser parser, Consumer<JsonParser> element) {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      parser.skipChildren();
      return;
    }
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      element.accept(parser);
    }
  }

  /** Returns a text, as much of it as is wanted; empty if it is none. */
  static String text(JsonParser parser, int limit) {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      parser.skipChildren();
      return "";
    }
    var text = parser.getString();
    return text.length() <= limit ? text : text.substring(0, limit) + "…";
  }

  /** Returns a number; -1 if it is none, or not one of these. */
  static int number(JsonParser parser) {
    if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT
        && parser.getNumberType() == NumberType.INT) {
      return Math.max(-1, parser.getIntValue());
    }
    parser.skipChildren();
    return -1;
  }
}
