package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.sandboxed.Backends;
import dev.sandboxed.maven.project.HostCaches;
import dev.sandboxed.maven.project.Phase;
import dev.sandboxed.maven.project.ProjectRecognizer;
import dev.sandboxed.maven.report.TestCounts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * The Gradle of Debian, packed as a distribution: a project's own wrapper downloads it and JUnit
 * from a server of this test, as its user does once, and runs it without a network in the sandbox.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
@EnabledIfSystemProperty(
    named = "real.installations",
    matches = "all",
    disabledReason = "takes minutes, and needs servers: -Dreal.installations=all")
class RealGradleTest {
  private static final Path INSTALLED = Path.of("/usr/share/gradle");
  private static final Path LIBRARIES = Path.of("/usr/share/maven-repo");
  private static final String DISTRIBUTION = "/distributions/gradle-4.4.1-bin.zip";

  private final RecordingConsole console = new RecordingConsole();
  @TempDir private Path temporary;
  private Path project;
  private Path home;
  private HttpServer server;

  @BeforeEach
  void serve() throws Exception {
    project = Files.createDirectory(temporary.resolve("project"));
    home = temporary.resolve("home");
    if (!Files.isRegularFile(INSTALLED.resolve("bin/gradle"))) {
      host("apt-get", "install", "-qq", "-y", "--no-install-recommends", "gradle");
    }
    zip(temporary.resolve("gradle.zip"));
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.stop(0);
    }
  }

  @Test
  void theWrapperRunsGradleOfflineWithWhatTheHostHasDownloaded() throws Exception {
    var url = "http://127.0.0.1:" + server.getAddress().getPort();
    write(
        "build.gradle",
        """
        apply plugin: 'java'
        repositories { maven { url '%s/maven' } }
        dependencies { testCompile 'junit:junit:4.x' }
        println "Gradle $gradle.gradleVersion of $gradle.gradleUserHomeDir, offline: $gradle.startParameter.offline"
        """
            .formatted(url));
    write("settings.gradle", "rootProject.name = 'counted'\n");
    write("src/main/java/a/Counter.java", counter("+"));
    write(
        "src/test/java/a/CounterTest.java",
        """
        package a;

        import static org.junit.Assert.assertEquals;

        public class CounterTest {
          @org.junit.Test
          public void counts() {
            assertEquals(3, Counter.next(2));
          }

          @org.junit.Test
          public void startsAtOne() {
            assertEquals(1, Counter.START);
          }
        }
        """);
    host(
        "/usr/bin/gradle",
        "wrapper",
        "--no-daemon",
        "--gradle-distribution-url=" + url + DISTRIBUTION);
    host("sh", "gradlew", "test", "--no-daemon");
    stop();

    var first = run();

    assertThat(first.isSuccess()).as(String.join("\n", console.lines())).isTrue();
    assertThat(first.reports().counts()).isEqualTo(new TestCounts(2, 0, 0, 0));
    assertThat(first.steps())
        .extracting(step -> String.join(" ", step.step().command()))
        .containsExactly("sh gradlew test --no-daemon --console=plain --continue --offline");
    assertThat(console.lines())
        .anyMatch(line -> line.matches("\\| Gradle 4\\.4\\.1 of \\S+, offline: true"))
        .anyMatch(line -> line.startsWith("| BUILD SUCCESSFUL"));

    write("src/main/java/a/Counter.java", counter("-"));
    var second = run();

    assertThat(second.isSuccess()).isFalse();
    assertThat(second.reports().counts()).isEqualTo(new TestCounts(2, 1, 0, 0));
    assertThat(console.lines()).anyMatch(line -> line.startsWith("| BUILD FAILED"));
  }

  private static String counter(String operator) {
    return "package a; class Counter { static final int START = 1; static int next(int i) { return i %s 1; } }"
        .formatted(operator);
  }

  private RunResult run() throws Exception {
    var caches = new HostCaches(home.resolve(".m2/repository"), Optional.empty(), home, Map.of());
    try (var backend = Backends.open()) {
      return new SandboxRun(backend, new ProjectRecognizer(caches), console)
          .run(
              PhasesTest.parser(null).parse(project, temporary.resolve("reports")),
              new PhaseChoice(Set.of(Phase.TEST), InstallMode.NETWORK));
    }
  }

  /** Debian's directory has links to where its libraries are; a distribution has files. */
  private static void zip(Path file) throws IOException {
    try (var out = new ZipOutputStream(Files.newOutputStream(file));
        var all = Files.walk(INSTALLED, FileVisitOption.FOLLOW_LINKS)) {
      for (var source : all.toList()) {
        var name = "gradle-4.4.1/" + INSTALLED.relativize(source);
        if (Files.isDirectory(source)) {
          out.putNextEntry(new ZipEntry(name.endsWith("/") ? name : name + "/"));
        } else {
          out.putNextEntry(new ZipEntry(name));
          Files.copy(source, out);
        }
      }
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      var path = exchange.getRequestURI().getPath();
      var file =
          path.equals(DISTRIBUTION)
              ? temporary.resolve("gradle.zip")
              : LIBRARIES.resolve(path.substring("/maven/".length())).normalize();
      if (!Files.isRegularFile(file)) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      var isHead = exchange.getRequestMethod().equals("HEAD");
      exchange.sendResponseHeaders(200, isHead ? -1 : Files.size(file));
      if (!isHead) {
        Files.copy(file, exchange.getResponseBody());
      }
    }
  }

  private void host(String... command) throws Exception {
    var log = temporary.resolve("host.log");
    var builder =
        new ProcessBuilder(List.of(command))
            .directory(project.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("GRADLE_USER_HOME", home.resolve(".gradle").toString());
    assertThat(builder.start().waitFor())
        .as(() -> String.join(" ", command) + ": " + read(log))
        .isZero();
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private void write(String name, String text) throws IOException {
    var path = project.resolve(name);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }
}
