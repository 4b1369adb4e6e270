package dev.sandboxed.maven.project;

import dev.sandboxed.InvalidSpecException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLParser;

/**
 * Reads a {@code sandbox.yaml}, which may be written by somebody hostile: only so much of it, only
 * what {@code docs/schema/sandbox-1.json} has, and no anchors, aliases and tags. Used once.
 */
final class SandboxFileReader {
  private static final int MAX_LENGTH = 64 * 1024;
  private static final int MAX_COMMANDS = 50;
  private static final int MAX_RUN = 8_192;
  private static final int MAX_KEY_FILES = 200;
  private static final int MAX_PATH = 300;
  private static final int MAX_VARIABLES = 100;
  private static final int MAX_VALUE = 4_096;
  private static final int MAX_REPORTS = 20;
  private static final int MAX_SARIF = 20;
  private static final Pattern WORD = Pattern.compile("[A-Za-z0-9_-]{1,40}");
  private static final Pattern RECIPE = Pattern.compile("[A-Za-z][A-Za-z0-9 ]{0,19}");
  private static final Pattern STEP_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9 ._:/+-]{0,59}");
  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,99}");
  private static final Pattern DIRECTORY = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}");
  private static final YAMLFactory YAML =
      YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final String text;
  private final Map<Phase, List<Step>> commands = new EnumMap<>(Phase.class);
  private final List<String> keyFiles = new ArrayList<>();
  private final Map<String, String> env = new LinkedHashMap<>();
  private final Set<String> reports = new LinkedHashSet<>();
  private final List<String> sarif = new ArrayList<>();
  private final List<MatrixEntry> matrix = new ArrayList<>();
  private @Nullable String recipe;

  SandboxFileReader(String text) {
    this.text = text;
  }

  /** Returns what a phase is called in the file. */
  static String member(Phase phase) {
    return phase.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Reads it.
   *
   * @throws InvalidSpecException if it says what it cannot mean
   */
  SandboxFile read() {
    if (text.length() > MAX_LENGTH) {
      throw new InvalidSpecException(
          "%s has more than %,d characters; make it shorter"
              .formatted(SandboxFile.NAME, MAX_LENGTH));
    }
    try (var parser = YAML.createParser(ObjectReadContext.empty(), text)) {
      readAll(parser);
    } catch (JacksonException e) {
      var where = e.getLocation();
      throw new InvalidSpecException(
          "%s, line %d: this is no YAML, or says something twice"
              .formatted(SandboxFile.NAME, where == null ? 0 : where.getLineNr()),
          e);
    }
    return new SandboxFile(
        commands, keyFiles, env, reports, sarif, Optional.ofNullable(recipe), matrix);
  }

  private void readAll(JsonParser parser) {
    if (next(parser) != JsonToken.START_OBJECT) {
      throw wrong(parser, "the file must have members such as test, with a list of commands");
    }
    var members = 0;
    while (next(parser) == JsonToken.PROPERTY_NAME) {
      members++;
      readMember(parser, parser.currentName());
    }
    if (members == 0) {
      throw wrong(parser, "the file says nothing; remove it, or name the commands under test");
    }
    if (next(parser) != null) {
      throw wrong(parser, "a second document begins; leave it out");
    }
  }

  private void readMember(JsonParser parser, String member) {
    switch (member) {
      case "version" -> readVersion(parser);
      case "install" -> readCommands(parser, Phase.INSTALL);
      case "test" -> readCommands(parser, Phase.TEST);
      case "lint" -> readCommands(parser, Phase.LINT);
      case "key-files" ->
          readTexts(parser, member, MAX_KEY_FILES, keyFiles, SandboxFileReader::isPath);
      case "env" -> env.putAll(readEnv(parser));
      case "reports" -> readReports(parser);
      case "sarif" -> readTexts(parser, member, MAX_SARIF, sarif, SandboxFileReader::isPath);
      case "recipe" -> recipe = readRecipe(parser);
      case "matrix" -> matrix.addAll(new MatrixReader(parser).read());
      default ->
          throw wrong(
              parser,
              "%s is not known; there are version, install, test, lint, key-files, env, reports, sarif, recipe and matrix"
                  .formatted(shown(member)));
    }
  }

  private static void readVersion(JsonParser parser) {
    if (next(parser) != JsonToken.VALUE_NUMBER_INT || !"1".equals(parser.getString())) {
      throw wrong(
          parser, "version must be 1; a later one needs a later version of sandbox-maven-plugin");
    }
  }

  private static String readRecipe(JsonParser parser) {
    next(parser);
    var recipe = string(parser, "recipe");
    if (!RECIPE.matcher(recipe).matches()) {
      throw wrong(parser, "recipe must be the name of one, such as tox or Make");
    }
    return recipe;
  }

  private void readReports(JsonParser parser) {
    readTexts(parser, "reports", MAX_REPORTS, reports, name -> DIRECTORY.matcher(name).matches());
    if (reports.isEmpty()) {
      throw wrong(parser, "reports is empty; name directories, or leave it out");
    }
  }

  @FunctionalInterface
  private interface Check {
    boolean accepts(String text);
  }

  private static void readTexts(
      JsonParser parser, String member, int limit, Collection<String> texts, Check check) {
    if (next(parser) != JsonToken.START_ARRAY) {
      throw wrong(parser, member + " must be a list");
    }
    for (var count = 1; next(parser) != JsonToken.END_ARRAY; count++) {
      if (count > limit) {
        throw wrong(parser, "%s has more than %d entries".formatted(member, limit));
      }
      var entry = string(parser, "an entry of " + member);
      if (!check.accepts(entry)) {
        throw wrong(
            parser,
            "an entry of %s is not allowed; write %s"
                .formatted(
                    member,
                    "reports".equals(member)
                        ? "the name of a directory, such as test-results"
                        : "the path of a file in the project, such as tools/requirements.txt"));
      }
      texts.add(entry);
    }
  }

  static boolean isPath(String path) {
    return !path.isEmpty()
        && path.length() <= MAX_PATH
        && path.chars().noneMatch(c -> c < ' ' || c == 0x7f)
        && List.of(path.split("/", -1)).stream()
            .noneMatch(part -> part.isEmpty() || ".".equals(part) || "..".equals(part));
  }

  private void readCommands(JsonParser parser, Phase phase) {
    if (next(parser) != JsonToken.START_ARRAY) {
      throw wrong(
          parser,
          "%s must be a list of commands, each on a line that begins with a dash"
              .formatted(member(phase)));
    }
    var steps = new ArrayList<Step>();
    while (next(parser) != JsonToken.END_ARRAY) {
      if (steps.size() == MAX_COMMANDS) {
        throw wrong(parser, "%s has more than %d commands".formatted(member(phase), MAX_COMMANDS));
      }
      steps.add(readCommand(parser, phase, member(phase) + " " + (steps.size() + 1)));
    }
    commands.put(phase, List.copyOf(steps));
  }

  private static Step readCommand(JsonParser parser, Phase phase, String otherwise) {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      return step(phase, otherwise, run(parser), Map.of());
    }
    var name = otherwise;
    var variables = Map.<String, String>of();
    @Nullable String run = null;
    while (next(parser) == JsonToken.PROPERTY_NAME) {
      var member = parser.currentName();
      switch (member) {
        case "name" -> {
          next(parser);
          name = string(parser, member);
          if (!STEP_NAME.matcher(name).matches()) {
            throw wrong(
                parser, "name must be at most 60 letters, digits, blanks and . _ : / + - signs");
          }
        }
        case "run" -> {
          next(parser);
          run = run(parser);
        }
        case "env" -> variables = readEnv(parser);
        default ->
            throw wrong(
                parser,
                "a command has no %s; there are name, run and env".formatted(shown(member)));
      }
    }
    if (run == null) {
      throw wrong(parser, "a command lacks run, the line for the shell");
    }
    return step(phase, name, run, variables);
  }

  private static Step step(Phase phase, String name, String run, Map<String, String> variables) {
    return new Step(phase, name, List.of("sh", "-c", run), variables, Step.OutputFormat.TEXT);
  }

  private static String run(JsonParser parser) {
    var run = string(parser, "a command");
    if (run.isEmpty() || run.length() > MAX_RUN || run.indexOf(0) >= 0) {
      throw wrong(
          parser,
          "a command is empty, has a NUL or more than %,d characters; put long ones into a script"
              .formatted(MAX_RUN));
    }
    return run;
  }

  static Map<String, String> readEnv(JsonParser parser) {
    if (next(parser) != JsonToken.START_OBJECT) {
      throw wrong(parser, "env must have the names of variables, each with a text");
    }
    var variables = new LinkedHashMap<String, String>();
    while (next(parser) == JsonToken.PROPERTY_NAME) {
      var name = parser.currentName();
      if (!VARIABLE.matcher(name).matches()) {
        throw wrong(parser, shown(name) + " is no name of a variable");
      }
      next(parser);
      var value = string(parser, name);
      if (value.length() > MAX_VALUE
          || value.indexOf(0) >= 0
          || variables.size() == MAX_VARIABLES) {
        throw wrong(
            parser,
            "env has more than %d variables, or one with more than %,d characters or a NUL"
                .formatted(MAX_VARIABLES, MAX_VALUE));
      }
      variables.put(name, value);
    }
    return variables;
  }

  static String string(JsonParser parser, String what) {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw wrong(parser, what + " must be a text; put it in quotes");
    }
    return parser.getString();
  }

  /** Takes the next token, which must be plain: no alias, no anchor, no tag. */
  static @Nullable JsonToken next(JsonParser parser) {
    var token = parser.nextToken();
    if (token != null
        && (parser.getObjectId() != null
            || parser.getTypeId() != null
            || (parser instanceof YAMLParser yaml && yaml.isCurrentAlias()))) {
      throw wrong(parser, "anchors (&), aliases (*) and tags (!) are not allowed");
    }
    return token;
  }

  static String shown(String name) {
    return WORD.matcher(name).matches() ? name : "a member with an unusual name";
  }

  static InvalidSpecException wrong(JsonParser parser, String message) {
    var line = Math.max(1, parser.currentTokenLocation().getLineNr());
    return new InvalidSpecException("%s, line %d: %s".formatted(SandboxFile.NAME, line, message));
  }
}
