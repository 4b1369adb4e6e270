package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What IDEs complete in junit-platform.properties. */
class ConfigurationMetadataTest {
  private static final String FILE = "/META-INF/junit-platform-configuration-metadata.json";

  /** About all sandboxes together: no attribute of one says it. */
  private static final Map<String, String> OF_NO_ATTRIBUTE =
      Map.of(
          Sandboxed.POOL_PROPERTY_NAME, "java.lang.Boolean",
          Sandboxed.DIAGNOSTICS_SNAPSHOT_PROPERTY_NAME, "java.lang.Boolean",
          Sandboxed.MAX_LIVE_PROPERTY_NAME, "java.lang.Integer",
          Sandboxed.INSIDE_DEBUG_PROPERTY_NAME, "java.lang.Boolean",
          Sandboxed.INSIDE_SNAPSHOT_PROPERTY_NAME, "java.lang.Boolean",
          Sandboxed.INSIDE_PARALLELISM_PROPERTY_NAME, "java.lang.Integer",
          Sandboxed.INSIDE_JVM_ARGUMENTS_PROPERTY_NAME, "java.lang.String",
          Sandboxed.INSIDE_SYSTEM_PROPERTIES_PROPERTY_NAME, "java.util.List<java.lang.String>");

  @RegisterExtension final BeforeEachCallback contextTaker = taken -> context = taken;

  private ExtensionContext context;
  private JsonNode metadata;

  @BeforeEach
  void read() throws IOException {
    try (var in = Sandboxed.class.getResourceAsStream(FILE)) {
      metadata = JsonMapper.shared().readTree(in);
    }
  }

  private Map<String, JsonNode> properties() {
    return metadata
        .get("properties")
        .valueStream()
        .collect(Collectors.toMap(p -> p.get("name").asString(), Function.identity()));
  }

  @Test
  void lists_exactly_the_constants_of_the_annotation() {
    var constants =
        Arrays.stream(Sandboxed.class.getFields())
            .filter(f -> f.getName().endsWith("_PROPERTY_NAME"))
            .map(
                f -> {
                  try {
                    return (String) f.get(null);
                  } catch (IllegalAccessException e) {
                    throw new AssertionError(e);
                  }
                })
            .toList();
    assertThat(constants).hasSizeGreaterThan(20);
    assertThat(metadata.get("properties").valueStream().map(p -> p.get("name").asString()))
        .containsExactlyInAnyOrderElementsOf(constants);
  }

  @Test
  void describes_each_of_them() {
    assertThat(properties().values())
        .allSatisfy(
            p -> {
              assertThat(p.get("description").asString()).matches("[A-Z].*\\.");
              assertThat(p.get("sourceType").asString()).isEqualTo(Sandboxed.class.getName());
            });
    assertThat(metadata.get("groups").valueStream().map(g -> g.get("name").asString()))
        .containsExactly("sandboxed");
  }

  @Test
  void gives_each_the_type_of_its_attribute() {
    assertThat(properties())
        .allSatisfy(
            (name, property) ->
                assertThat(property.get("type").asString())
                    .isEqualTo(
                        OF_NO_ATTRIBUTE.containsKey(name)
                            ? OF_NO_ATTRIBUTE.get(name)
                            : typeOf(attribute(name))));
  }

  private static Method attribute(String property) {
    try {
      return Sandboxed.class.getMethod(property.substring("sandboxed.".length()));
    } catch (NoSuchMethodException e) {
      throw new AssertionError("no attribute for " + property, e);
    }
  }

  private static String typeOf(Method attribute) {
    var type = attribute.getReturnType();
    if (type == Class.class) {
      return attribute.getGenericReturnType().getTypeName();
    }
    if (attribute.getName().equals("command")) {
      return String.class.getName();
    }
    if (!type.isArray()) {
      return boxed(type);
    }
    var element = type.getComponentType();
    return "java.util.List<%s>"
        .formatted(element.isAnnotation() ? String.class.getName() : boxed(element));
  }

  private static String boxed(Class<?> type) {
    return java.lang.invoke.MethodType.methodType(type).wrap().returnType().getName();
  }

  @Sandboxed
  static class Nothing {}

  @Test
  void gives_defaults_that_mean_the_same_as_nothing() {
    var withDefaults = settings(this::defaultValue);
    var withNothing = settings(name -> Optional.empty());
    assertThat(withDefaults.spec(context)).isEqualTo(withNothing.spec(context));
    assertThat(withDefaults.readyTimeout()).isEqualTo(withNothing.readyTimeout());
    assertThat(withDefaults.pool()).isEqualTo(withNothing.pool());
    assertThat(withDefaults.scope()).contains(SandboxScope.METHOD);
    assertThat(withDefaults.diagnostics()).isEqualTo(withNothing.diagnostics());
  }

  private static Settings settings(Function<String, Optional<String>> configuration) {
    return new Settings(Declared.on(Nothing.class), configuration);
  }

  private Optional<String> defaultValue(String name) {
    return Optional.ofNullable(properties().get(name).get("defaultValue")).map(JsonNode::asString);
  }

  /** A default of the page that a configuration parameter can have is written as code. */
  @Test
  void agrees_with_the_page_about_defaults() throws IOException {
    var page = defaultsOfThePage();
    assertThat(properties())
        .allSatisfy(
            (name, property) -> {
              if (!OF_NO_ATTRIBUTE.containsKey(name)) {
                var shown = page.get(name.substring("sandboxed.".length()));
                assertThat(defaultValue(name).map(v -> "`%s`".formatted(v)).orElse(""))
                    .isEqualToIgnoringCase(shown.matches("`[^`]*`") ? shown : "");
              }
            });
  }

  private static Map<String, String> defaultsOfThePage() throws IOException {
    var row = Pattern.compile("^\\| `(\\w+)` \\|.*\\| ([^|]*) \\| `sandboxed\\.[^|]* \\|$");
    try (var lines = Files.lines(page())) {
      return lines
          .map(row::matcher)
          .filter(java.util.regex.Matcher::matches)
          .collect(Collectors.toMap(m -> m.group(1), m -> m.group(2)));
    }
  }

  private static Path page() {
    return Stream.iterate(Path.of("").toAbsolutePath(), Path::getParent)
        .map(directory -> directory.resolve("docs/junit.md"))
        .filter(Files::exists)
        .findFirst()
        .orElseThrow();
  }
}
