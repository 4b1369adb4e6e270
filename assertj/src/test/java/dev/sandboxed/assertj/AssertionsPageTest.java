package dev.sandboxed.assertj;

import static dev.sandboxed.assertj.SandboxAssertions.assertThat;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Sandbox;
import dev.sandboxed.Signal;
import dev.sandboxed.junit.Probe;
import dev.sandboxed.junit.Sandboxed;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/** The examples of docs/assertions.md: they pass, and the page shows them as they are. */
class AssertionsPageTest {

  @Nested
  @EnabledIf("dev.sandboxed.assertj.AssertionsPageTest#hasPython")
  @Sandboxed
  class GeneratedCodeTest {
    @Test
    void addsUp(Sandbox sandbox) {
      var result = sandbox.exec("python3", "-c", "print(1 + 1)").await();

      assertThat(result).succeeded().hasStdout("2\n");
    }
  }

  @Nested
  @Sandboxed
  class CommandsTest {
    @Test
    void says(Sandbox sandbox) {
      var result = sandbox.exec("sh", "-c", "echo one; echo two; echo no >&2; exit 3").await();

      assertThat(result).failed().exitedWith(3).hasStderr("no\n");
      assertThat(result).stdout().startsWith("one").doesNotContain("three");
    }

    @Test
    void ends(Sandbox sandbox) {
      var process = sandbox.exec("sleep", "100").start();

      assertThat(process).isRunning();
      process.signal(Signal.TERM);
      assertThat(process).endsWithin(ofSeconds(30)).wasSignaled(Signal.TERM);
    }
  }

  @Nested
  @Sandboxed(
      command = {"sh", "-c", "echo listening; exec sleep 100"},
      readyWhen = @Probe(log = "listening"))
  class FilesTest {
    @Test
    void areThere(Sandbox sandbox) {
      sandbox.files().makeDirectories("/srv/site");
      sandbox.files().write("/srv/site/index.html", "<h1>Hello</h1>\n");

      assertThat(sandbox).isRunning().isReady().hasNoRefusedConnections();
      assertThat(sandbox).log().contains("listening");
      assertThat(sandbox).file("/srv/site").isDirectory().containsOnlyEntries("index.html");
      assertThat(sandbox)
          .file("/srv/site/index.html")
          .isRegularFile()
          .hasOwner("root")
          .hasMode(0644)
          .hasContent("<h1>Hello</h1>\n");
    }
  }

  @Nested
  @Sandboxed
  class SoftlyTest {
    @Test
    void looksAtAll(Sandbox sandbox) {
      var result = sandbox.exec("true").await();

      SandboxSoftAssertions.assertSoftly(
          softly -> {
            softly.assertThat(result).succeeded().hasNoStdout();
            softly.assertThat(sandbox).file("/tmp").isDirectory();
          });
    }
  }

  @Test
  void areWhatThePageShows() throws IOException {
    var source =
        Files.readString(
            fromRoot("assertj/src/test/java/dev/sandboxed/assertj/AssertionsPageTest.java"));
    var page = Files.readString(fromRoot("docs/assertions.md"));
    var shown = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(page).results();

    assertThat(shown.map(block -> block.group(1)).toList())
        .hasSize(4)
        .allSatisfy(
            example ->
                assertThat(source.replaceAll("\\s+", "")).contains(example.replaceAll("\\s+", "")));
  }

  @Test
  void namesEveryAssertionOnThePage() throws IOException {
    var page = Files.readString(fromRoot("docs/assertions.md"));

    assertThat(
            Stream.<Class<?>>of(
                    AbstractExitAssert.class,
                    AbstractRunAssert.class,
                    ExecResultAssert.class,
                    SandboxAssert.class,
                    SandboxFileAssert.class)
                .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
                .filter(m -> Modifier.isPublic(m.getModifiers()))
                .map(m -> "`" + m.getName() + "`"))
        .allSatisfy(name -> assertThat(page).contains(name));
  }

  static boolean hasPython() {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, "python3")));
  }

  private static Path fromRoot(String path) {
    return Stream.iterate(Path.of("").toAbsolutePath(), p -> p != null, Path::getParent)
        .map(directory -> directory.resolve(path))
        .filter(Files::exists)
        .findFirst()
        .orElseThrow();
  }
}
