package dev.sandboxed.maven.report;

import static dev.sandboxed.maven.report.JsonMembers.array;
import static dev.sandboxed.maven.report.JsonMembers.object;
import static dev.sandboxed.maven.report.JsonMembers.text;

import dev.sandboxed.maven.report.Finding.Level;
import dev.sandboxed.maven.report.Finding.Place;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * A run of a SARIF file: what one tool has found. Its members may be in any order, so that what
 * they mean together is known at its end. Not thread-safe.
 */
final class SarifRun {
  static final int MAX_NAME = 200;
  static final int MAX_MESSAGE = 500;
  static final int MAX_URI = 1_000;
  private static final int MAX_TABLE = 10_000;
  private static final String NO_NAME = "SARIF";

  private final InsidePaths paths;
  private final UnaryOperator<String> safe;
  private final List<Rule> rules = new ArrayList<>();
  private final List<Artifact> artifacts = new ArrayList<>();
  private final Map<String, Artifact> bases = new HashMap<>();
  private final List<SarifResult> results = new ArrayList<>();
  private String tool = "";

  private record Rule(String id, String level) {}

  /** Where a file or directory is, perhaps below another that has a name. */
  private record Artifact(String uri, String base) {
    static final Artifact NONE = new Artifact("", "");

    static Artifact read(JsonParser parser) {
      var uri = new StringBuilder();
      var base = new StringBuilder();
      object(
          parser,
          Map.of(
              "uri", p -> uri.append(text(p, MAX_URI)),
              "uriBaseId", p -> base.append(text(p, MAX_NAME))));
      return new Artifact(uri.toString(), base.toString());
    }
  }

  SarifRun(InsidePaths paths, UnaryOperator<String> safe) {
    this.paths = paths;
    this.safe = safe;
  }

  /**
   * Reads it.
   *
   * @param limit how many results are kept
   */
  void read(JsonParser parser, int limit) {
    object(
        parser,
        Map.of(
            "tool", p -> object(p, Map.of("driver", this::readDriver)),
            "artifacts", p -> array(p, this::readArtifact),
            "originalUriBaseIds", this::readBases,
            "results", p -> array(p, r -> readResult(r, limit))));
  }

  private void readDriver(JsonParser parser) {
    object(
        parser,
        Map.of("name", p -> tool = text(p, MAX_NAME), "rules", p -> array(p, this::readRule)));
  }

  private void readRule(JsonParser parser) {
    var id = new StringBuilder();
    var level = new StringBuilder();
    object(
        parser,
        Map.of(
            "id",
            p -> id.append(text(p, MAX_NAME)),
            "defaultConfiguration",
            p -> object(p, Map.of("level", l -> level.append(text(l, MAX_NAME))))));
    if (rules.size() < MAX_TABLE) {
      rules.add(new Rule(id.toString(), level.toString()));
    }
  }

  private void readArtifact(JsonParser parser) {
    var found = new ArrayList<Artifact>();
    object(parser, Map.of("location", p -> found.add(Artifact.read(p))));
    if (artifacts.size() < MAX_TABLE) {
      artifacts.add(found.isEmpty() ? Artifact.NONE : found.get(0));
    }
  }

  private void readBases(JsonParser parser) {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      parser.skipChildren();
      return;
    }
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      var name = parser.currentName();
      parser.nextToken();
      var base = Artifact.read(parser);
      if (bases.size() < MAX_TABLE) {
        bases.put(name, base);
      }
    }
  }

  private void readResult(JsonParser parser, int limit) {
    var result = SarifResult.read(parser);
    if (result.counts() && results.size() < limit) {
      results.add(result);
    }
  }

  /** Returns what was found. */
  List<Finding> findings() {
    var byId = new HashMap<String, Rule>();
    rules.forEach(rule -> byId.putIfAbsent(rule.id(), rule));
    return results.stream().map(result -> finding(result, byId)).toList();
  }

  private Finding finding(SarifResult result, Map<String, Rule> byId) {
    var rule =
        result.ruleIndex() >= 0 && result.ruleIndex() < rules.size()
            ? rules.get(result.ruleIndex())
            : byId.getOrDefault(result.ruleId(), new Rule(result.ruleId(), ""));
    var id = result.ruleId().isEmpty() ? rule.id() : result.ruleId();
    var level = result.level().isEmpty() ? rule.level() : result.level();
    return new Finding(
        tool(), safe.apply(id), level(level), safe.apply(result.message()), place(result));
  }

  private String tool() {
    var name = safe.apply(tool).strip();
    // What tests found is told from the rest by its name.
    return name.isEmpty() || name.equals(Finding.TESTS) ? NO_NAME : name;
  }

  /** A rule that says nothing is one of warnings. */
  private static Level level(String word) {
    return switch (word) {
      case "error" -> Level.ERROR;
      case "note", "none" -> Level.NOTE;
      default -> Level.WARNING;
    };
  }

  private Optional<Place> place(SarifResult result) {
    var known =
        result.uri().isEmpty() && result.artifact() >= 0 && result.artifact() < artifacts.size()
            ? artifacts.get(result.artifact())
            : new Artifact(result.uri(), result.base());
    return path(known)
        .flatMap(path -> paths.place(path, result.line()))
        .map(place -> new Place(safe.apply(place.path()), place.line()));
  }

  /** Returns the path that is meant; only files have one, and nothing is looked up. */
  private Optional<String> path(Artifact file) {
    if (file.uri().isEmpty()) {
      return Optional.empty();
    }
    var path = plain(file.uri());
    if (path.isEmpty() || path.get().startsWith("/") || file.base().isEmpty()) {
      return path;
    }
    var base = bases.getOrDefault(file.base(), Artifact.NONE);
    return base.uri().isEmpty()
        ? path
        : plain(base.uri()).map(directory -> directory + "/" + path.get());
  }

  private static Optional<String> plain(String uri) {
    try {
      var parsed = new URI(uri);
      var host = parsed.getRawAuthority();
      var isFile = parsed.getScheme() == null || parsed.getScheme().equals("file");
      return isFile && (host == null || host.isEmpty() || host.equals("localhost"))
          ? Optional.ofNullable(parsed.getPath()).filter(path -> !path.isEmpty())
          : Optional.empty();
    } catch (URISyntaxException e) {
      // Some tools write paths as they are, blanks and all.
      return uri.indexOf(':') < 0 ? Optional.of(uri) : Optional.empty();
    }
  }
}
