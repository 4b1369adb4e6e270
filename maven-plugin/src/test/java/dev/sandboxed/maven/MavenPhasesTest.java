package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Backends;
import dev.sandboxed.maven.project.HostCaches;
import dev.sandboxed.maven.project.HostTools;
import dev.sandboxed.maven.project.Phase;
import dev.sandboxed.maven.project.ProjectRecognizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Installs what projects of Maven need where the local repository is empty, from real servers. */
@EnabledIfSystemProperty(
    named = "maven.install.tests",
    matches = "all",
    disabledReason = "downloads a hundred artifacts, in minutes")
class MavenPhasesTest {
  private final RecordingConsole console = new RecordingConsole();
  @TempDir private Path temporary;
  private Path project;

  @Test
  void testsAndLintsModulesOfflineWithWhatTheirPomsAloneHadInstalled() throws Exception {
    project = Files.createDirectory(temporary.resolve("project"));
    write(
        "pom.xml",
        """
        <project>
          <modelVersion>4.0.0</modelVersion>
          <groupId>example</groupId>
          <artifactId>all</artifactId>
          <version>1</version>
          <packaging>pom</packaging>
          <!-- %s: nothing is kept of another run of this test. -->
          <modules>
            <module>base</module>
            <module>app</module>
          </modules>
          <properties>
            <maven.compiler.release>17</maven.compiler.release>
            <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
          </properties>
          <build>
            <pluginManagement>
              <plugins>
                <plugin>
                  <artifactId>maven-checkstyle-plugin</artifactId>
                  <version>3.6.0</version>
                  <configuration>
                    <configLocation>google_checks.xml</configLocation>
                    <failOnViolation>false</failOnViolation>
                  </configuration>
                </plugin>
                <plugin>
                  <artifactId>maven-surefire-plugin</artifactId>
                  <version>3.5.2</version>
                </plugin>
                <plugin>
                  <artifactId>maven-compiler-plugin</artifactId>
                  <version>3.13.0</version>
                </plugin>
              </plugins>
            </pluginManagement>
          </build>
        </project>
        """
            .formatted(UUID.randomUUID()));
    write("base/pom.xml", module("base", ""));
    write(
        "base/src/main/java/a/Base.java",
        "package a; public class Base { public int one() { return 1; } }");
    write(
        "app/pom.xml",
        module(
            "app",
            """
            <dependency>
              <groupId>example</groupId>
              <artifactId>base</artifactId>
              <version>1</version>
            </dependency>
            <dependency>
              <groupId>org.junit.jupiter</groupId>
              <artifactId>junit-jupiter</artifactId>
              <version>5.11.4</version>
              <scope>test</scope>
            </dependency>
            """));
    write(
        "app/src/test/java/a/BaseTest.java",
        """
        package a;

        import static org.junit.jupiter.api.Assertions.assertEquals;

        class BaseTest {
          @org.junit.jupiter.api.Test
          void isOne() {
            assertEquals(1, new Base().one());
          }
        }
        """);

    var first = run();

    assertThat(first.steps())
        .as(String.join("\n", console.lines()))
        .extracting(s -> s.step().phase() + " " + s.status().isSuccess())
        .containsExactly("INSTALL true", "TEST true", "LINT true");
    assertThat(first.reports().counts().tests()).isEqualTo(1);

    write("app/src/main/java/a/Unused.java", "package a; class Unused {}");
    var second = run();

    assertThat(second.steps())
        .as(String.join("\n", console.lines()))
        .extracting(s -> s.step().phase() + " " + s.status().isSuccess())
        .containsExactly("TEST true", "LINT true");
  }

  @ParameterizedTest
  @CsvSource({"17, true", "1, false"})
  void spotlessFindsOfflineWhatIsNotFormattedThoughThePomsAloneDoNotBuild(
      String release, boolean builds) throws Exception {
    project = Files.createDirectory(temporary.resolve("project"));
    write(
        "pom.xml",
        """
        <project>
          <modelVersion>4.0.0</modelVersion>
          <groupId>example</groupId>
          <artifactId>formatted</artifactId>
          <version>1</version>
          <!-- %s: nothing is kept of another run of this test. -->
          <properties>
            <maven.compiler.release>%s</maven.compiler.release>
            <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
          </properties>
          <build>
            <plugins>
              <plugin>
                <artifactId>maven-compiler-plugin</artifactId>
                <version>3.13.0</version>
              </plugin>
              <plugin>
                <groupId>com.diffplug.spotless</groupId>
                <artifactId>spotless-maven-plugin</artifactId>
                <version>3.11.0</version>
                <executions>
                  <execution>
                    <id>format</id>
                    <goals>
                      <goal>check</goal>
                    </goals>
                    <configuration>
                      <java>
                        <googleJavaFormat>
                          <version>1.28.0</version>
                        </googleJavaFormat>
                      </java>
                      <formats>
                        <format>
                          <includes>
                            <include>*.txt</include>
                          </includes>
                          <trimTrailingWhitespace/>
                          <endWithNewline/>
                        </format>
                      </formats>
                    </configuration>
                  </execution>
                </executions>
              </plugin>
            </plugins>
          </build>
        </project>
        """
            .formatted(UUID.randomUUID(), release));
    write("src/main/java/a/One.java", "package a;  class One { int one()  { return 1; } }");
    write("notes.txt", "a word\n");

    var first = run();

    assertThat(first.steps())
        .as(String.join("\n", console.lines()))
        .extracting(s -> s.step().phase() + " " + s.status().isSuccess())
        .containsExactly("INSTALL true", "TEST " + builds, "LINT false");
    assertThat(String.join("\n", console.lines()))
        .contains("had format violations", "src/main/java/a/One.java");

    write(
        "src/main/java/a/One.java",
        """
        package a;

        class One {
          int one() {
            return 1;
          }
        }
        """);
    var second = run();

    assertThat(second.steps())
        .as(String.join("\n", console.lines()))
        .extracting(s -> s.step().phase() + " " + s.status().isSuccess())
        .containsExactly("TEST " + builds, "LINT true");
  }

  @Test
  void testsWithAMavenThatHasRunAlready() throws Exception {
    project = Files.createDirectory(temporary.resolve("project"));
    write(
        "pom.xml",
        """
        <project>
          <modelVersion>4.0.0</modelVersion>
          <groupId>example</groupId>
          <artifactId>warm</artifactId>
          <version>1</version>
          <!-- %s: nothing is kept of another run of this test. -->
          <properties>
            <maven.compiler.release>17</maven.compiler.release>
            <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
          </properties>
          <dependencies>
            <dependency>
              <groupId>org.junit.jupiter</groupId>
              <artifactId>junit-jupiter</artifactId>
              <version>5.11.4</version>
              <scope>test</scope>
            </dependency>
          </dependencies>
          <build>
            <pluginManagement>
              <plugins>
                <plugin>
                  <artifactId>maven-surefire-plugin</artifactId>
                  <version>3.5.2</version>
                </plugin>
                <plugin>
                  <artifactId>maven-compiler-plugin</artifactId>
                  <version>3.13.0</version>
                </plugin>
              </plugins>
            </pluginManagement>
          </build>
        </project>
        """
            .formatted(UUID.randomUUID()));
    var test =
"""
        package a;

        import static org.junit.jupiter.api.Assertions.assertEquals;
        import static org.junit.jupiter.api.Assertions.assertTrue;

        import java.util.stream.Stream;
        import org.junit.jupiter.api.Test;

        class WarmTest {
          @Test
          void isRunByAMavenThatWaited() {
            var commands =
                Stream.iterate(
                        ProcessHandle.current(),
                        process -> process.parent().isPresent(),
                        process -> process.parent().get())
                    .map(process -> process.info().commandLine().orElse(""))
                    .toList();
            assertTrue(commands.toString().contains("WarmMaven"), commands.toString());
          }

          @Test
          void hasTheVariablesOfTheUser() {
            assertEquals("a value", System.getenv("OF_USER"));
          }

          @Test
          void isOne() {
            assertEquals(1, %s);
          }
        }
""";
    write("src/test/java/a/WarmTest.java", test.formatted("1"));

    var first = run(InstallMode.WARM, true, "OF_USER=a value");

    assertThat(first.steps())
        .as(String.join("\n", console.lines()))
        .extracting(s -> s.step().phase() + " " + s.status().code())
        .containsExactly("INSTALL 0", "TEST 0");
    assertThat(first.reports().counts().tests()).isEqualTo(3);

    write("src/main/java/a/One.java", "package a; class One { static final int IT = 2; }");
    write("src/test/java/a/WarmTest.java", test.formatted("One.IT"));
    var second = run(InstallMode.WARM, true, "OF_USER=a value");

    assertThat(second.steps())
        .as(String.join("\n", console.lines()))
        .extracting(s -> s.step().phase() + " " + s.status().code())
        .containsExactly("TEST 1");
    assertThat(second.reports().counts().tests()).isEqualTo(3);
    assertThat(second.reports().counts().failures()).isEqualTo(1);
    assertThat(String.join("\n", console.lines()))
        .contains("isOne", "and a warm mvn")
        .doesNotContain("Maven is not warmed");

    write(".mvn/jvm.config", "-Dof.project=true");
    write("src/main/java/a/One.java", "package a; class One { static final int IT = 1; }");
    var cold = run(InstallMode.WARM, true, "OF_USER=a value");

    assertThat(cold.reports().counts().failures()).isEqualTo(1);
    assertThat(String.join("\n", console.lines()))
        .contains("Maven is not warmed: .mvn/jvm.config says how Maven starts");
  }

  private RunResult run() throws Exception {
    return run(InstallMode.NETWORK, false, null);
  }

  private RunResult run(InstallMode install, boolean warm, @Nullable String env) throws Exception {
    var home = temporary.resolve("home");
    var caches = new HostCaches(home.resolve(".m2/repository"), Optional.empty(), home, Map.of());
    try (var backend = Backends.open()) {
      return new SandboxRun(backend, new ProjectRecognizer(caches, HostTools.NONE, warm), console)
          .run(
              PhasesTest.parser(null, env).parse(project, temporary.resolve("reports")),
              new PhaseChoice(Set.of(Phase.values()), install));
    }
  }

  private static String module(String name, String dependencies) {
    return """
    <project>
      <modelVersion>4.0.0</modelVersion>
      <parent>
        <groupId>example</groupId>
        <artifactId>all</artifactId>
        <version>1</version>
      </parent>
      <artifactId>%s</artifactId>
      <dependencies>
        %s
      </dependencies>
    </project>
    """
        .formatted(name, dependencies);
  }

  private void write(String name, String text) throws IOException {
    var file = project.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
