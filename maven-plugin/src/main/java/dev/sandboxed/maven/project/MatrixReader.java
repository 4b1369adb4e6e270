package dev.sandboxed.maven.project;

import dev.sandboxed.InvalidSpecException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** Reads the {@code matrix} of a {@code sandbox.yaml}. Used once. */
final class MatrixReader {
  private static final int MAX_ENTRIES = 20;
  private static final int MAX_NAME = 40;
  private static final int MAX_IMAGE = 300;

  /** Becomes the name of a directory beside reports: no dot makes it one of theirs. */
  private static final Pattern NAME =
      Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]*+(?:\\.[0-9][A-Za-z0-9_-]*+)*+");

  private static final Pattern REFERENCE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:/@-]*+");

  /** What the parameter says in the place of names. */
  private static final Set<String> WORDS = Set.of("all", "none");

  private final JsonParser parser;
  private final List<MatrixEntry> entries = new ArrayList<>();
  private final Set<String> names = new HashSet<>();

  MatrixReader(JsonParser parser) {
    this.parser = parser;
  }

  List<MatrixEntry> read() {
    if (SandboxFileReader.next(parser) != JsonToken.START_ARRAY) {
      throw wrong("matrix must be a list of entries, each with a name and an image");
    }
    while (SandboxFileReader.next(parser) != JsonToken.END_ARRAY) {
      if (entries.size() == MAX_ENTRIES) {
        throw wrong("matrix has more than %d entries".formatted(MAX_ENTRIES));
      }
      entries.add(entry());
    }
    if (entries.isEmpty()) {
      throw wrong("matrix is empty; name images, or leave it out");
    }
    return entries;
  }

  private MatrixEntry entry() {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw wrong("an entry of matrix must have a name and an image");
    }
    @Nullable String name = null;
    @Nullable String image = null;
    var env = Map.<String, String>of();
    while (SandboxFileReader.next(parser) == JsonToken.PROPERTY_NAME) {
      var member = parser.currentName();
      switch (member) {
        case "name" -> name = name();
        case "image" -> image = image();
        case "env" -> env = SandboxFileReader.readEnv(parser);
        default ->
            throw wrong(
                "an entry of matrix has no %s; there are name, image and env"
                    .formatted(SandboxFileReader.shown(member)));
      }
    }
    if (name == null || image == null) {
      throw wrong("an entry of matrix lacks its " + (name == null ? "name" : "image"));
    }
    return new MatrixEntry(name, image, env);
  }

  private String name() {
    SandboxFileReader.next(parser);
    var name = SandboxFileReader.string(parser, "name");
    if (name.length() > MAX_NAME || !NAME.matcher(name).matches() || WORDS.contains(name)) {
      throw wrong(
          "name must be at most 40 letters, digits, - and _ signs, and dots before digits, such as"
              + " node-22.1; and neither all nor none");
    }
    if (!names.add(name.toLowerCase(Locale.ROOT))) {
      throw wrong("two entries of matrix are called %s".formatted(name));
    }
    return name;
  }

  private String image() {
    SandboxFileReader.next(parser);
    var image = SandboxFileReader.string(parser, "image");
    var isPath = image.startsWith(MatrixEntry.IN_PROJECT);
    if (image.length() > MAX_IMAGE
        || !(isPath
            ? SandboxFileReader.isPath(image.substring(MatrixEntry.IN_PROJECT.length()))
            : REFERENCE.matcher(image).matches())) {
      throw wrong(
          "image must be host, an image of a registry such as node:22, or the path of a directory"
              + " or a tar file in the project, which begins with ./");
    }
    return image;
  }

  private InvalidSpecException wrong(String message) {
    return SandboxFileReader.wrong(parser, message);
  }
}
