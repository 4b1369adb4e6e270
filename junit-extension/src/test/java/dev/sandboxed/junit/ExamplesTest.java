package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFiles;
import java.io.IOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples of docs/junit.md: they compile, they pass, and the page shows them as they are. */
class ExamplesTest {

  @Sandboxed(memory = "512m", timeout = "30s")
  static class GeneratedCodeTest {
    @Test
    void addsUp(Sandbox sandbox) {
      var result = sandbox.exec("python3", "-c", "print(1 + 1)").await();

      assertThat(result.stdout()).isEqualTo("2\n");
    }
  }

  static class ClientAndServerTest {
    @Sandboxed(env = "ROLE=server")
    Sandbox server;

    @Test
    void areApart(@Sandboxed(env = "ROLE=client", memory = "256m") Sandbox client) {
      server.files().write("/tmp/greeting", "hello");

      assertThat(client.files().exists("/tmp/greeting")).isFalse();
    }
  }

  @Sandboxed(scope = SandboxScope.CLASS)
  static class PreparedTest {
    @BeforeAll
    static void prepare(SandboxFiles files) {
      files.write("/tmp/words", "one\ntwo\n");
    }

    @Test
    void countsLines(Sandbox sandbox) {
      assertThat(sandbox.exec("wc", "-l", "/tmp/words").await().stdout()).startsWith("2 ");
    }
  }

  @Sandboxed(memory = "1g", env = "LANG=C.UTF-8")
  static class RefinedTest {
    @Test
    @Sandboxed(memory = "64m")
    void inLittleMemory(Sandbox sandbox) {
      assertThat(sandbox.spec().limits().memory()).hasValue(ByteSize.parse("64m"));
      assertThat(sandbox.spec().env()).containsEntry("LANG", "C.UTF-8");
    }
  }

  @Sandboxed(mounts = @SandboxMount(source = "src/test", target = "/work"), workdir = "/work")
  static class CheckoutTest {
    @Test
    void maySpoilItsCopy(Sandbox sandbox) {
      assertThat(sandbox.exec("rm", "-r", "java").await().isSuccess()).isTrue();
      assertThat(Path.of("src/test/java")).exists();
    }
  }

  @Sandboxed(memory = "128m", processes = 64, timeout = "20s")
  @Retention(RetentionPolicy.RUNTIME)
  @interface Untrusted {}

  @Untrusted
  static class SubmissionTest {
    @Test
    void runs(Sandbox sandbox) {
      assertThat(sandbox.exec("sh", "-c", "echo done").await().stdout()).isEqualTo("done\n");
    }
  }

  @Sandboxed
  static class ServerInsideTest {
    @Tunnel(8080)
    InetSocketAddress server;

    @Test
    void listens(Sandbox sandbox, @Tunnel(value = 5432, scheme = "postgresql") URI database) {
      assertThat(server.getAddress().isLoopbackAddress()).isTrue();
      assertThat(database).hasScheme("postgresql");
    }
  }

  @Test
  void runsPython() {
    assumeTrue(
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, "python3"))),
        "python3 is not on the PATH; install it to run this test");

    Engine.pass(GeneratedCodeTest.class).testEvents().assertStatistics(s -> s.succeeded(1));
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        ClientAndServerTest.class,
        PreparedTest.class,
        RefinedTest.class,
        CheckoutTest.class,
        SubmissionTest.class,
        ServerInsideTest.class
      })
  void passes(Class<?> example) {
    Engine.pass(example).testEvents().assertStatistics(s -> s.succeeded(1));
  }

  @Test
  void areWhatThePageShows() throws IOException {
    var source =
        Files.readString(
            fromRoot("junit-extension/src/test/java/dev/sandboxed/junit/ExamplesTest.java"));
    var shown = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(page()).results();

    assertThat(shown.map(block -> block.group(1)).toList())
        .hasSize(7)
        .allSatisfy(
            example ->
                assertThat(source.replaceAll("\\s+", " ").replace("static class", "class"))
                    .contains(example.strip().replaceAll("\\s+", " ")));
  }

  @Test
  void namesEveryAttributeAndConfigurationParameterOnThePage() throws IOException {
    var page = page();

    assertThat(Arrays.stream(Sandboxed.class.getDeclaredMethods()))
        .allSatisfy(
            attribute ->
                assertThat(page)
                    .contains("| `" + attribute.getName() + "` |")
                    .contains("| `sandboxed." + attribute.getName() + "`"));
  }

  private static String page() throws IOException {
    return Files.readString(fromRoot("docs/junit.md"));
  }

  private static Path fromRoot(String path) {
    return Stream.iterate(Path.of("").toAbsolutePath(), p -> p != null, Path::getParent)
        .map(directory -> directory.resolve(path))
        .filter(Files::exists)
        .findFirst()
        .orElseThrow();
  }
}
