package dev.sandboxed.core.protocol;

import dev.sandboxed.core.protocol.ProtocolException.Rule;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;

/**
 * An immutable JSON object of bounded depth: what the protocol's messages are.
 *
 * <p>Getters take the view of a receiver of hostile input: a member of another type is as good as
 * missing.
 */
public final class JsonObject {
  /** How deep objects and arrays may be nested, the outermost included. */
  static final int MAX_DEPTH = 16;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
          // Names come from hostile peers: a table of all that were ever seen would be theirs.
          .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
          .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
          .build();

  private final Map<String, Object> members;

  private JsonObject(Map<String, Object> members) {
    this.members = members;
  }

  /**
   * Returns an object of the given members.
   *
   * @param members strings, numbers, booleans, maps, lists and objects; null values are left out
   */
  public static JsonObject of(Map<String, ? extends @Nullable Object> members) {
    var copy = new LinkedHashMap<String, Object>();
    members.forEach(
        (name, value) -> {
          if (value != null) {
            copy.put(name, value);
          }
        });
    return new JsonObject(Collections.unmodifiableMap(copy));
  }

  /**
   * Parses UTF-8 text that is one object.
   *
   * @throws ProtocolException if it is anything else, or nested too deep
   */
  public static JsonObject parse(ByteBuffer utf8) throws ProtocolException {
    String text;
    try {
      text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(utf8)
              .toString();
    } catch (CharacterCodingException e) {
      throw refused("it is not UTF-8", e);
    }
    checkDepth(text);
    try (var parser = FACTORY.createParser(ObjectReadContext.empty(), text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new ProtocolException(Rule.JSON, "a payload that is not a JSON object");
      }
      var members = object(parser);
      if (parser.nextToken() != null) {
        throw new ProtocolException(Rule.JSON, "a payload with something behind its JSON object");
      }
      return new JsonObject(members);
    } catch (JacksonException e) {
      throw refused(e.getOriginalMessage(), e);
    }
  }

  /** Returns a string, or empty if there is none of this name. */
  public Optional<String> string(String name) {
    return members.get(name) instanceof String s ? Optional.of(s) : Optional.empty();
  }

  /** Returns a whole number, or empty if there is none of this name. */
  public OptionalLong number(String name) {
    return members.get(name) instanceof Number n && !(n instanceof Double)
        ? OptionalLong.of(n.longValue())
        : OptionalLong.empty();
  }

  /** Returns an object, or empty if there is none of this name. */
  public Optional<JsonObject> object(String name) {
    return members.get(name) instanceof JsonObject o ? Optional.of(o) : Optional.empty();
  }

  /** Returns an array's elements, or empty if there is none of this name. */
  public Optional<List<?>> array(String name) {
    return members.get(name) instanceof List<?> list ? Optional.of(list) : Optional.empty();
  }

  /** Returns the names of all members, in their order. */
  public Set<String> names() {
    return members.keySet();
  }

  /** Returns the members that are strings, in their order. */
  public Map<String, String> strings() {
    var strings = new LinkedHashMap<String, String>();
    members.forEach(
        (name, value) -> {
          if (value instanceof String text) {
            strings.put(name, text);
          }
        });
    return Collections.unmodifiableMap(strings);
  }

  /** Returns whether a member is there and true. */
  public boolean flag(String name) {
    return Boolean.TRUE.equals(members.get(name));
  }

  /** Returns whether a member is there, of whatever type. */
  public boolean has(String name) {
    return members.containsKey(name);
  }

  /** Returns the object as UTF-8 text. */
  public byte[] toBytes() {
    var bytes = new ByteArrayOutputStream(256);
    try (var generator = FACTORY.createGenerator(ObjectWriteContext.empty(), bytes)) {
      write(generator, this);
    }
    return bytes.toByteArray();
  }

  @Override
  public String toString() {
    return new String(toBytes(), StandardCharsets.UTF_8);
  }

  private static void write(JsonGenerator to, Object value) {
    if (value instanceof JsonObject object) {
      write(to, object.members);
    } else if (value instanceof Map<?, ?> map) {
      to.writeStartObject();
      map.forEach(
          (name, member) -> {
            to.writeName(String.valueOf(name));
            write(to, member);
          });
      to.writeEndObject();
    } else if (value instanceof List<?> list) {
      to.writeStartArray();
      list.forEach(element -> write(to, element));
      to.writeEndArray();
    } else if (value instanceof String text) {
      to.writeString(text);
    } else if (value instanceof Boolean flag) {
      to.writeBoolean(flag);
    } else if (value instanceof Double number) {
      to.writeNumber(number);
    } else if (value instanceof Number number) {
      to.writeNumber(number.longValue());
    } else {
      throw new IllegalArgumentException("JSON has no " + value.getClass());
    }
  }

  private static Map<String, Object> object(JsonParser from) {
    var members = new LinkedHashMap<String, Object>();
    for (var name = from.nextName(); name != null; name = from.nextName()) {
      var value = value(from, from.nextToken());
      if (value != null) {
        members.put(name, value);
      }
    }
    return Collections.unmodifiableMap(members);
  }

  private static List<Object> array(JsonParser from) {
    var elements = new ArrayList<>();
    for (var token = from.nextToken(); token != JsonToken.END_ARRAY; token = from.nextToken()) {
      var value = value(from, token);
      if (value != null) {
        elements.add(value);
      }
    }
    return Collections.unmodifiableList(elements);
  }

  /** Reads one value; nulls are as good as missing. */
  private static @Nullable Object value(JsonParser from, JsonToken token) {
    return switch (token) {
      case START_OBJECT -> new JsonObject(object(from));
      case START_ARRAY -> array(from);
      case VALUE_STRING -> from.getString();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NUMBER_INT -> integer(from);
      case VALUE_NUMBER_FLOAT -> from.getDoubleValue();
      default -> null;
    };
  }

  private static Object integer(JsonParser from) {
    var type = from.getNumberType();
    return type == JsonParser.NumberType.INT || type == JsonParser.NumberType.LONG
        ? (Object) from.getLongValue()
        : (Object) from.getDoubleValue();
  }

  /** Says so for depth before the parser does, whatever else is wrong behind it. */
  private static void checkDepth(String text) throws ProtocolException {
    var depth = 0;
    var inString = false;
    for (var i = 0; i < text.length(); i++) {
      var c = text.charAt(i);
      if (inString) {
        if (c == '\\') {
          i++;
        } else if (c == '"') {
          inString = false;
        }
      } else if (c == '"') {
        inString = true;
      } else if ((c == '{' || c == '[') && ++depth > MAX_DEPTH) {
        throw new ProtocolException(Rule.DEPTH, "JSON nested deeper than " + MAX_DEPTH);
      } else if (c == '}' || c == ']') {
        depth--;
      }
    }
  }

  private static ProtocolException refused(String why, Exception cause) {
    var refused = new ProtocolException(Rule.JSON, "a payload that is not a JSON object: " + why);
    refused.initCause(cause);
    return refused;
  }
}
