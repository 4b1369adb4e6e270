package dev.sandboxed.core.dockerfile;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The variables that instructions may use: those of {@code ENV}, and those of {@code ARG} where
 * there is none of {@code ENV}. Mutable; each stage has its own.
 */
final class Variables {
  /** What all values of a file may come to together, in characters. */
  private static final int MAX_TOTAL = 8 << 20;

  /** Variables that need no {@code ARG}. */
  private static final Set<String> PROXIES =
      Set.of(
          "HTTP_PROXY",
          "http_proxy",
          "HTTPS_PROXY",
          "https_proxy",
          "FTP_PROXY",
          "ftp_proxy",
          "NO_PROXY",
          "no_proxy",
          "ALL_PROXY",
          "all_proxy");

  private final Map<String, String> environment;
  private final Map<String, Optional<String>> arguments;

  /** What a stage may declare without a value, and has a value nevertheless. */
  private final Map<String, String> defaults;

  private final Budget budget;

  /** Shared by all stages of a file. */
  private static final class Budget {
    private int left = MAX_TOTAL;
  }

  private Variables(
      Map<String, String> environment,
      Map<String, Optional<String>> arguments,
      Map<String, String> defaults,
      Budget budget) {
    this.environment = new TreeMap<>(environment);
    this.arguments = new LinkedHashMap<>(arguments);
    this.defaults = defaults;
    this.budget = budget;
  }

  /** Returns the variables before the first stage. */
  static Variables global(Map<String, String> given, String architecture) {
    var defaults = new LinkedHashMap<String, String>();
    for (var which : new String[] {"TARGET", "BUILD"}) {
      defaults.put(which + "PLATFORM", "linux/" + architecture);
      defaults.put(which + "OS", "linux");
      defaults.put(which + "ARCH", architecture);
      defaults.put(which + "VARIANT", "");
    }
    given.forEach((name, value) -> defaults.computeIfPresent(name, (key, old) -> value));
    var arguments = new LinkedHashMap<String, Optional<String>>();
    defaults.forEach((name, value) -> arguments.put(name, Optional.of(value)));
    return new Variables(Map.of(), arguments, Map.copyOf(defaults), new Budget());
  }

  /** Returns the variables of a stage on an image, of which these are the global ones. */
  Variables ofStage(Map<String, String> environment, Map<String, String> given) {
    var known = new LinkedHashMap<String, String>();
    arguments.forEach((name, value) -> value.ifPresent(v -> known.put(name, v)));
    var stage = new Variables(environment, Map.of(), Map.copyOf(known), budget);
    given.forEach(
        (name, value) -> {
          if (PROXIES.contains(name)) {
            stage.arguments.put(name, Optional.of(value));
          }
        });
    return stage;
  }

  /** Returns variables that begin as these are. */
  Variables copy() {
    return new Variables(environment, arguments, defaults, budget);
  }

  /** Follows an {@code ARG}. */
  void declare(Instruction arg, Map<String, String> given) {
    var words = Words.of(arg.arguments(), arg.escape());
    if (words.isEmpty()) {
      throw arg.refused("it names no variable; write ARG name, or ARG name=value");
    }
    for (var word : words) {
      var equals = word.indexOf('=');
      var name = equals < 0 ? word : word.substring(0, equals);
      checkName(arg, name);
      Optional<String> value = Optional.ofNullable(given.get(name));
      if (value.isEmpty() && equals >= 0) {
        value = Optional.of(word(arg, word.substring(equals + 1)));
      }
      arguments.put(name, value.or(() -> Optional.ofNullable(defaults.get(name))));
    }
  }

  /** Follows an {@code ENV}; returns what it sets. */
  Map<String, String> set(Instruction env) {
    var pairs = pairs(env);
    environment.putAll(pairs);
    return pairs;
  }

  /** Returns the names and values of an instruction, each value by the variables before it. */
  Map<String, String> pairs(Instruction instruction) {
    var words = Words.of(instruction.arguments(), instruction.escape());
    var pairs = new LinkedHashMap<String, String>();
    if (words.isEmpty()) {
      throw instruction.refused("it sets nothing; write name=value");
    }
    if (words.get(0).indexOf('=') < 0) {
      // The form of old, for one variable: all behind the name is its value.
      var value = instruction.arguments().substring(words.get(0).length()).strip();
      if (value.isEmpty()) {
        throw instruction.refused(
            "%s has no value; write name=value".formatted(DockerfileException.shown(words.get(0))));
      }
      pairs.put(words.get(0), word(instruction, value));
      return pairs;
    }
    for (var word : words) {
      var equals = word.indexOf('=');
      if (equals < 0) {
        throw instruction.refused(
            "\"%s\" is not like name=value; put a value with spaces in quotes"
                .formatted(DockerfileException.shown(word)));
      }
      var name = word(instruction, word.substring(0, equals));
      pairs.put(name, word(instruction, word.substring(equals + 1)));
    }
    return pairs;
  }

  /** Returns a word without its quotes, with the values of variables. */
  String word(Instruction instruction, String text) {
    return spent(
        instruction,
        instruction.checked(() -> Substitution.word(text, instruction.escape(), this::value)));
  }

  /** Returns a here-document with the values of variables. */
  String document(Instruction instruction, String text) {
    return spent(
        instruction,
        instruction.checked(() -> Substitution.document(text, instruction.escape(), this::value)));
  }

  private String spent(Instruction instruction, String value) {
    budget.left -= value.length();
    if (budget.left < 0) {
      throw instruction.refused(
          "the values of the file come to more than %,d characters: refused".formatted(MAX_TOTAL));
    }
    return value;
  }

  /** Returns what programs of {@code RUN} find besides the image's environment. */
  Map<String, String> ofPrograms() {
    var variables = new TreeMap<String, String>();
    arguments.forEach(
        (name, value) -> {
          if (!environment.containsKey(name)) {
            value.ifPresent(v -> variables.put(name, v));
          }
        });
    return variables;
  }

  /** Refuses every platform but this machine's. */
  void checkPlatform(Instruction from, String text) {
    var platform = word(from, text);
    var own = defaults.getOrDefault("BUILDPLATFORM", "");
    if (!platform.equals(own) && !platform.equals(own + "/v8") && !platform.equals("linux")) {
      throw from.refused(
          "--platform=%s is not supported; this machine runs %s"
              .formatted(DockerfileException.shown(platform), own));
    }
  }

  private Optional<String> value(String name) {
    var value = environment.get(name);
    return value == null ? arguments.getOrDefault(name, Optional.empty()) : Optional.of(value);
  }

  private static void checkName(Instruction arg, String name) {
    for (int i = 0; i < name.length(); i++) {
      if (!Substitution.isNamePart(name.charAt(i), i == 0)) {
        name = "";
      }
    }
    if (name.isEmpty()) {
      throw arg.refused(
          "\"%s\" is no name for a variable".formatted(DockerfileException.shown(arg.arguments())));
    }
  }
}
