package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * What a {@code package.json} says.
 *
 * @param members the names of what it holds, such as {@code eslintConfig}
 * @param scripts the commands that have a name
 * @param packages what it is developed with: names of packages, and which version of each or where
 *     it is
 * @param workspaces patterns of the directories of packages that belong to it
 * @param packageManager such as {@code pnpm@9.8.0}; empty if it does not say
 */
record PackageJson(
    Set<String> members,
    Map<String, String> scripts,
    Map<String, String> packages,
    List<String> workspaces,
    String packageManager) {
  static final String NAME = "package.json";

  /** Copies the collections. */
  PackageJson {
    members = Set.copyOf(members);
    scripts = Map.copyOf(scripts);
    packages = Map.copyOf(packages);
    workspaces = List.copyOf(workspaces);
  }

  /** Reads a project's; empty if there is none, or none that npm would read. */
  static Optional<PackageJson> read(Checkout checkout) {
    return read(checkout, NAME);
  }

  /** Reads one that is somewhere else in the project. */
  static Optional<PackageJson> read(Checkout checkout, String file) {
    return checkout.read(file).flatMap(PackageJson::parse);
  }

  private static Optional<PackageJson> parse(String text) {
    var members = new LinkedHashSet<String>();
    var scripts = new LinkedHashMap<String, String>();
    var packages = new LinkedHashMap<String, String>();
    var workspaces = new ArrayList<String>();
    var packageManager = "";
    try (var parser = JsonFactory.builder().build().createParser(ObjectReadContext.empty(), text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return Optional.empty();
      }
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        var name = parser.currentName();
        members.add(name);
        var value = parser.nextToken();
        switch (name) {
          case "scripts" -> readTexts(parser, scripts);
          case "dependencies", "devDependencies", "optionalDependencies" ->
              readTexts(parser, packages);
          case "workspaces" -> readWorkspaces(parser, workspaces);
          case "packageManager" -> {
            packageManager = value == JsonToken.VALUE_STRING ? parser.getString() : "";
            parser.skipChildren();
          }
          default -> parser.skipChildren();
        }
      }
      return Optional.of(new PackageJson(members, scripts, packages, workspaces, packageManager));
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }

  private static void readTexts(JsonParser parser, Map<String, String> texts) {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      parser.skipChildren();
      return;
    }
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      var name = parser.currentName();
      if (parser.nextToken() == JsonToken.VALUE_STRING) {
        texts.put(name, parser.getString());
      } else {
        parser.skipChildren();
      }
    }
  }

  /** They are in a list, or in one that is called {@code packages}. */
  private static void readWorkspaces(JsonParser parser, List<String> patterns) {
    if (parser.currentToken() == JsonToken.START_ARRAY) {
      readTexts(parser, patterns);
    } else if (parser.currentToken() == JsonToken.START_OBJECT) {
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        var name = parser.currentName();
        if (parser.nextToken() == JsonToken.START_ARRAY && name.equals("packages")) {
          readTexts(parser, patterns);
        } else {
          parser.skipChildren();
        }
      }
    }
  }

  private static void readTexts(JsonParser parser, List<String> texts) {
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() == JsonToken.VALUE_STRING) {
        texts.add(parser.getString());
      } else {
        parser.skipChildren();
      }
    }
  }
}
