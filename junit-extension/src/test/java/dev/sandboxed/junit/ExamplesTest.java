package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandboxed.Backends;
import dev.sandboxed.ByteSize;
import dev.sandboxed.Image;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.SandboxFiles;
import java.io.IOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Properties;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionContext;
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

  @Sandboxed(scope = SandboxScope.HIERARCHY)
  abstract static class WithOneServer {}

  static class OrdersApiTest extends WithOneServer {
    @Test
    void takesOrders(SandboxFiles server) {
      server.append("/tmp/requests", "order\n");
    }
  }

  static class BillsApiTest extends WithOneServer {
    @Test
    void sendsBills(SandboxFiles server) {
      server.append("/tmp/requests", "bill\n");
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

  @Sandboxed(
      files = {
        @SandboxFile(resource = "greeting.txt", target = "/srv/greeting.txt"),
        @SandboxFile(content = "#!/bin/sh\ncat greeting.txt", target = "/srv/greet", mode = "0755")
      },
      workdir = "/srv")
  static class GreetingTest {
    @Test
    void greets(Sandbox sandbox) {
      assertThat(sandbox.exec("./greet").await().stdout()).isEqualTo("hello\n");
    }
  }

  @Sandboxed(
      env = "DB_PASSWORD=of-the-test",
      properties = {
        @SandboxProperty(name = "app.db.url", value = "jdbc:postgresql://${host}:${port:5432}/app"),
        @SandboxProperty(name = "app.db.password", value = "${env:DB_PASSWORD}")
      })
  @Retention(RetentionPolicy.RUNTIME)
  @interface WithDatabase {}

  static class ApplicationTest {
    @WithDatabase static SandboxProperties database;

    @Test
    void isTold() {
      var settings = new Properties();
      settings.putAll(database.toMap());

      assertThat(settings.getProperty("app.db.url")).startsWith("jdbc:postgresql://127.0.0.1:");
      assertThat(database.get("app.db.password")).isEqualTo("of-the-test");
    }
  }

  static class LocalNames implements SandboxCustomizer {
    @Override
    public void customize(SandboxBuilder builder, ExtensionContext context) {
      builder
          .dns(new InetSocketAddress(InetAddress.getLoopbackAddress(), 5353))
          .tag("test", context.getDisplayName());
    }
  }

  static class LocalNamesTest {
    @Test
    @Sandboxed(customizer = LocalNames.class, network = "*.example.org")
    void isTagged(Sandbox sandbox) {
      assertThat(sandbox.tags()).containsEntry("test", "isTagged(Sandbox)");
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

  @Sandboxed(
      command = {"python3", "-m", "http.server", "8080"},
      readyWhen = @Probe(http = 8080))
  static class ReadyServerTest {
    @Test
    void isReady(Sandbox sandbox) {
      assertThat(sandbox.startup().ready()).isPresent();
    }
  }

  @Sandboxed(
      command = {"python3", "-m", "http.server", "8080"},
      readyWhen = @Probe(http = 8080),
      snapshot = SnapshotMode.READY)
  static class InstantServerTest {
    @Test
    void isReadyAtOnce(Sandbox sandbox) {
      assertThat(sandbox.startup().ready()).isPresent();
    }
  }

  @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP)
  static class OrdersTest {
    @SandboxSetup
    static void load(SandboxFiles files) {
      files.write("/tmp/orders", "1 apple\n");
    }

    @Test
    void startsWithOneOrder(Sandbox sandbox) {
      assertThat(sandbox.files().readText("/tmp/orders")).isEqualTo("1 apple\n");
    }
  }

  static class Tools implements ImageFactory {
    @Override
    public Image image() {
      return Image.host().copy(Path.of("src/test"), "/srv/tools").env("MODE", "test");
    }
  }

  static class ToolsTest {
    @Test
    @Sandboxed(imageFactory = Tools.class)
    void findsItsTools(Sandbox sandbox) {
      assertThat(sandbox.files().exists("/srv/tools/java")).isTrue();
    }
  }

  @Sandboxed
  @EnabledIfSandboxAvailable
  static class WhereItCanTest {
    @Test
    void runs(Sandbox sandbox) {
      assertThat(sandbox.exec("true").await().isSuccess()).isTrue();
    }
  }

  @EveryBackend
  @Sandboxed
  static class AnywhereTest {
    @Test
    void runs(Sandbox sandbox) {
      assertThat(sandbox.exec("true").await().isSuccess()).isTrue();
    }
  }

  @Test
  void runsOnEveryBackend() {
    Engine.pass(AnywhereTest.class)
        .testEvents()
        .assertStatistics(s -> s.succeeded(Backends.names().size()));
  }

  @Test
  void runsPython() {
    assumeTrue(
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, "python3"))),
        "python3 is not on the PATH; install it to run this test");

    Engine.pass(GeneratedCodeTest.class).testEvents().assertStatistics(s -> s.succeeded(1));
    Engine.pass(ReadyServerTest.class).testEvents().assertStatistics(s -> s.succeeded(1));
    Engine.pass(InstantServerTest.class).testEvents().assertStatistics(s -> s.succeeded(1));
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        ClientAndServerTest.class,
        PreparedTest.class,
        OrdersApiTest.class,
        BillsApiTest.class,
        RefinedTest.class,
        CheckoutTest.class,
        ApplicationTest.class,
        LocalNamesTest.class,
        GreetingTest.class,
        SubmissionTest.class,
        ServerInsideTest.class,
        OrdersTest.class,
        ToolsTest.class,
        WhereItCanTest.class
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
        .hasSize(17)
        .allSatisfy(
            example ->
                assertThat(source.replaceAll("\\s+", " ").replace("static class", "class"))
                    .contains(example.strip().replaceAll("\\s+", " ")));
  }

  @Test
  void showsThePostgresOfTheSample() throws IOException {
    var services = "sample-projects/instant-services/src/test/java/services/";
    var annotation = Files.readString(fromRoot(services + "PostgresSandbox.java"));
    var springTest = Files.readString(fromRoot(services + "SpringDataSourceTest.java"));
    var page = page().replaceAll("\\s+", " ");

    assertThat(page)
        .contains(
            annotation.substring(annotation.indexOf("@Sandboxed(")).strip().replaceAll("\\s+", " "))
        .contains(
            springTest
                .substring(
                    springTest.indexOf("@DynamicPropertySource"), springTest.indexOf("@Test\n"))
                .strip()
                .replaceAll("\\s+", " "));
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
