package dev.sandboxed.maven;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.NodeList;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** What is handed to CI servers: it can be read, says what there is, and runs. */
class CiFilesTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern GOAL = Pattern.compile("sandbox-maven-plugin:\\S+?:([a-z]+)\\b");
  private static final Pattern PROPERTY =
      Pattern.compile("(?:-D|\\s)(sandbox\\.[A-Za-z.]*[A-Za-z])=");
  private static final Pattern EXPRESSION = Pattern.compile("\\$\\{\\{\\s*inputs\\.([a-z-]+)");

  @TempDir private Path directory;

  @BeforeEach
  void putAMavenThatOnlyTellsOnThePath() throws IOException {
    var mvn = directory.resolve("bin/mvn");
    Files.createDirectories(mvn.getParent());
    Files.writeString(mvn, "#!/bin/sh\npwd\nprintf '%s\\n' \"$@\"\nexit ${MAVEN_EXIT:-0}\n");
    Files.setPosixFilePermissions(mvn, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.createDirectory(directory.resolve("tmp"));
  }

  @AfterEach
  void noTemporaryFileIsLeft() {
    assertThat(directory.resolve("tmp")).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"action.yml", "ci/sandbox.sh", "ci/gitlab.yml", "ci/Jenkinsfile"})
  void namesGoalsAndPropertiesThatThereAre(String file) throws Exception {
    var text = read(file);
    assertThat(GOAL.matcher(text).results().map(r -> r.group(1)))
        .as("goals")
        .isSubsetOf(described("//mojo/goal"));
    // In the descriptor, a property is the expression of a parameter.
    var properties = described("//configuration/*[starts-with(., '${sandbox')]");
    assertThat(PROPERTY.matcher(text).results().map(r -> "${" + r.group(1) + "}"))
        .as("properties")
        .isNotEmpty()
        .isSubsetOf(properties);
    // The script is told which by who calls it.
    assertThat(text).contains(file.endsWith(".sh") ? "SANDBOX_VERSION" : version());
  }

  @Test
  void theActionUsesItsInputsAndNoTextOfOthersInItsScripts() throws Exception {
    var action = yaml("action.yml");
    assertThat(action.path("runs").path("using").asString()).isEqualTo("composite");
    var inputs = new HashSet<String>();
    action.path("inputs").propertyNames().forEach(inputs::add);
    var used = new HashSet<String>();
    EXPRESSION.matcher(read("action.yml")).results().forEach(r -> used.add(r.group(1)));
    Pattern.compile("(?<=inputs\\.)[a-z-]+")
        .matcher(read("action.yml"))
        .results()
        .forEach(r -> used.add(r.group()));
    assertThat(used).isEqualTo(inputs);
    for (var input : action.path("inputs")) {
      assertThat(input.path("description").asString()).isNotBlank();
    }
    for (var step : action.path("runs").path("steps")) {
      assertThat(step.has("run")).as("%s", step).isNotEqualTo(step.has("uses"));
      if (step.has("run")) {
        assertThat(step.path("shell").asString()).isEqualTo("bash");
        // An expression in a script is text that a title of a branch can end.
        assertThat(step.path("run").asString()).doesNotContain("${{");
        assertThat(bash("-n", "-c", step.path("run").asString()).code).isZero();
      }
    }
  }

  @Test
  void theActionImportsRunsAndExportsInThisOrder() throws Exception {
    var steps = new ArrayList<JsonNode>();
    yaml("action.yml").path("runs").path("steps").forEach(steps::add);
    var ran = new ArrayList<String>();
    for (var step : steps) {
      var script = step.path("run").asString("");
      if (script.contains("sandbox.sh")) {
        var environment = new TreeMap<String, String>();
        step.path("env")
            .properties()
            .forEach(
                e ->
                    environment.put(
                        e.getKey(),
                        e.getValue()
                            .asString()
                            .replace("${{ runner.temp }}", directory.resolve("temp").toString())
                            .replace("${{ inputs.version }}", "1.2.3")
                            .replace("${{ inputs.cache-size }}", "3g")
                            .replace("${{ inputs.properties }}", "sandbox.memory=2g")
                            .replace("${{ inputs.directory }}", directory.toString())));
        environment.put("GITHUB_ACTION_PATH", ROOT.toString());
        environment.put("GITHUB_OUTPUT", directory.resolve("output").toString());
        var result = bash(environment, "-e", "-c", script);
        assertThat(result.code).as(result.lines.toString()).isZero();
        // Not where the checkout is.
        assertThat(result.lines.get(0))
            .isEqualTo(directory.resolve("temp/sandbox-home").toString());
        ran.addAll(result.lines.subList(3, result.lines.size()));
      }
    }
    assertThat(ran)
        .containsExactly(
            "dev.sandboxed:sandbox-maven-plugin:1.2.3:import",
            "-Dsandbox.cache=" + directory.resolve("temp/sandbox-cache"),
            "dev.sandboxed:sandbox-maven-plugin:1.2.3:run",
            "-Dsandbox.dir=" + directory,
            "-Dsandbox.reportDirectory=" + directory.resolve("temp/sandbox-reports"),
            "-Dsandbox.memory=2g",
            "dev.sandboxed:sandbox-maven-plugin:1.2.3:export",
            "-Dsandbox.cache=" + directory.resolve("temp/sandbox-cache"),
            "-Dsandbox.cache.size=3g");
    assertThat(directory.resolve("output"))
        .hasContent("reports=" + directory.resolve("temp/sandbox-reports"));
  }

  @Test
  void theScriptTakesPropertiesOfThePluginAlone() throws Exception {
    var result = script("run", "sandbox.memory=2g\n\nsandbox.command=echo 'a  b' $HOME; `id`\n");
    assertThat(result.code).isZero();
    assertThat(result.lines)
        .contains("-Dsandbox.memory=2g", "-Dsandbox.command=echo 'a  b' $HOME; `id`");
    for (var wrong : List.of("-f/etc/pom.xml", "maven.ext.class.path=x", "sandbox.=x", "\u001bx")) {
      var refused = script("run", wrong);
      assertThat(refused.code).isEqualTo(2);
      assertThat(refused.lines)
          .singleElement()
          .asString()
          .contains("is no property of the plugin")
          .doesNotContain("\u001b");
    }
    assertThat(script("install", "").lines)
        .containsExactly(
            "There is no goal \"install\" here; run, import, export and doctor are known");
  }

  @Test
  void theScriptEndsAsMavenDoes() throws Exception {
    var environment = Map.of("SANDBOX_VERSION", "1", "MAVEN_EXIT", "7");
    assertThat(bash(environment, ROOT.resolve("ci/sandbox.sh").toString(), "doctor").code)
        .isEqualTo(7);
    assertThat(bash(ROOT.resolve("ci/sandbox.sh").toString(), "doctor").lines)
        .last()
        .asString()
        .contains("SANDBOX_VERSION is to name the version of the plugin");
  }

  @Test
  void theTemplateOfGitLabRuns() throws Exception {
    var job = yaml("ci/gitlab.yml").path(".sandboxed");
    assertThat(job.path("cache").path("paths").get(0).asString()).isEqualTo(".sandbox-cache/");
    var checkout = Files.createDirectory(directory.resolve("checkout"));
    assertThat(bash("-c", "cd '" + checkout + "' && git init -q").code).isZero();
    var environment =
        Map.of(
            "CI_PROJECT_DIR", checkout.toString(),
            "SANDBOX_VERSION", "1.2.3",
            "SANDBOX_ARGUMENTS", "-Dsandbox.memory=2g -Dsandbox.timeout=20m");
    // A runner starts a shell for the script with what comes before it, and another for what
    // follows.
    var into = "cd '" + checkout + "'\n";
    var printed = new ArrayList<String>();
    for (var script : List.of(lines(job, "before_script", "script"), lines(job, "after_script"))) {
      var result = bash(environment, "-e", "-c", into + script);
      assertThat(result.code).as(result.lines.toString()).isZero();
      printed.addAll(result.lines);
    }
    assertThat(printed)
        .containsSubsequence(
            "dev.sandboxed:sandbox-maven-plugin:1.2.3:import",
            "-Dsandbox.cache=" + checkout.resolve(".sandbox-cache"),
            "dev.sandboxed:sandbox-maven-plugin:1.2.3:run",
            "-Dsandbox.dir=" + checkout,
            "-Dsandbox.memory=2g",
            "-Dsandbox.timeout=20m",
            "dev.sandboxed:sandbox-maven-plugin:1.2.3:export",
            "-Dsandbox.cache=" + checkout.resolve(".sandbox-cache"))
        .doesNotContain(checkout.toString());

    Files.createDirectory(checkout.resolve(".sandbox-cache"));
    Files.writeString(checkout.resolve(".sandbox-cache/sandboxed-cache.json"), "{}");
    assertThat(bash("-c", "cd '" + checkout + "' && git add -A").code).isZero();
    var refused = bash(environment, "-e", "-c", into + lines(job, "before_script", "script"));
    assertThat(refused.code).isEqualTo(1);
    assertThat(refused.lines)
        .containsExactly("The repository has a .sandbox-cache of its own, which is refused");
  }

  @Test
  void theShellPartOfJenkinsRuns() throws Exception {
    var text = read("ci/Jenkinsfile");
    var script = text.substring(text.indexOf("'''") + 3, text.lastIndexOf("'''"));
    var result =
        bash(
            Map.of("WORKSPACE", directory.toString(), "SANDBOX_VERSION", "1.2.3"),
            "-e",
            "-c",
            script);
    assertThat(result.code).isZero();
    assertThat(result.lines)
        .contains("dev.sandboxed:sandbox-maven-plugin:1.2.3:run", "-Dsandbox.dir=" + directory)
        .doesNotContain(directory.toString());
  }

  private static String lines(JsonNode job, String... parts) {
    var lines = new StringBuilder();
    for (var part : parts) {
      job.path(part).forEach(line -> lines.append(line.asString()).append('\n'));
    }
    return lines.toString();
  }

  private Result script(String goal, String properties) throws Exception {
    return bash(
        Map.of(
            "SANDBOX_VERSION",
            "1",
            "SANDBOX_DIRECTORY",
            directory.toString(),
            "SANDBOX_HOME",
            directory.resolve("home").toString(),
            "SANDBOX_PROPERTIES",
            properties),
        ROOT.resolve("ci/sandbox.sh").toString(),
        goal);
  }

  private record Result(int code, List<String> lines) {}

  private Result bash(String... arguments) throws Exception {
    return bash(Map.of(), arguments);
  }

  private Result bash(Map<String, String> environment, String... arguments) throws Exception {
    var command = Stream.concat(Stream.of("bash"), Stream.of(arguments)).toList();
    var output = directory.resolve("stdout");
    var builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().keySet().removeIf(n -> n.startsWith("SANDBOX_"));
    builder.environment().putAll(environment);
    builder.environment().put("TMPDIR", directory.resolve("tmp").toString());
    builder.environment().merge("PATH", "", (path, none) -> directory.resolve("bin") + ":" + path);
    var process = builder.start();
    try {
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new Result(process.exitValue(), Files.readAllLines(output, UTF_8));
  }

  private static Set<String> described(String path) throws Exception {
    var found = new HashSet<String>();
    var factory = DocumentBuilderFactory.newDefaultInstance();
    factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
    try (var in = CiFilesTest.class.getResourceAsStream("/META-INF/maven/plugin.xml")) {
      var document = factory.newDocumentBuilder().parse(Objects.requireNonNull(in, "plugin.xml"));
      var nodes =
          (NodeList)
              XPathFactory.newDefaultInstance()
                  .newXPath()
                  .evaluate(path, document, XPathConstants.NODESET);
      for (int i = 0; i < nodes.getLength(); i++) {
        found.add(nodes.item(i).getTextContent());
      }
    }
    assertThat(found).isNotEmpty();
    return found;
  }

  private static String version() throws Exception {
    return described("/plugin/version").iterator().next();
  }

  private static JsonNode yaml(String file) throws IOException {
    return new YAMLMapper().readTree(read(file));
  }

  private static String read(String file) throws IOException {
    return Files.readString(ROOT.resolve(file));
  }
}
