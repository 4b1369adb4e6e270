package dev.sandboxed.maven.project;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.maven.project.HostJdks.Jdk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MavenProjectsTest {
  private static final String OFFLINE = "mvn -B -ntp -s /sandbox/settings.xml -gs ";
  private static final String TEST = "TEST " + OFFLINE + "/sandbox/settings.xml test";
  private static final String INSTALL = "INSTALL sh /sandbox/maven-install.sh mvn";

  @TempDir private Path temporary;
  private ProjectFixture fixture;

  @BeforeEach
  void makeProject() throws IOException {
    fixture = ProjectFixture.in(temporary);
  }

  @Test
  void installsWhatTheLocalRepositoryLacks() throws IOException {
    fixture.write("pom.xml", pom(dependency("org.example", "tool", "${tool.version}")));
    assertThat(fixture.steps(new FakeInside(false, true)))
        .containsExactly(INSTALL, "TEST mvn -B -ntp test");

    haveLifecycle();
    have("org/example/tool/1.2", "tool-1.2.jar");
    assertThat(fixture.steps(new FakeInside(false, true))).containsExactly("TEST mvn -B -ntp test");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<parent><groupId>p</groupId><artifactId>q</artifactId><version>1</version></parent>",
        "<dependencies><dependency><groupId>p</groupId><artifactId>q</artifactId></dependency></dependencies>",
        "<dependencies><dependency><groupId>p</groupId><artifactId>q</artifactId>"
            + "<version>1</version><type>test-jar</type></dependency></dependencies>",
        "<dependencyManagement><dependencies><dependency><groupId>p</groupId><artifactId>q"
            + "</artifactId><version>1</version><type>pom</type><scope>import</scope></dependency>"
            + "</dependencies></dependencyManagement>",
        "<build><plugins><plugin><groupId>p</groupId><artifactId>q</artifactId><version>1</version>"
            + "<executions><execution><phase>validate</phase></execution></executions></plugin>"
            + "</plugins></build>",
        "<build><plugins><plugin><groupId>p</groupId><artifactId>q</artifactId><version>1</version>"
            + "<executions><execution><goals><goal>g</goal></goals></execution></executions>"
            + "</plugin></plugins></build>",
        "<build><extensions><extension><groupId>p</groupId><artifactId>q</artifactId>"
            + "<version>1</version></extension></extensions></build>",
        "<build><plugins><plugin><artifactId>maven-surefire-plugin</artifactId>"
            + "<version>9</version></plugin></plugins></build>",
      })
  void installsWhatATestNeeds(String part) throws IOException {
    haveLifecycle();
    fixture.write("pom.xml", pom(part));
    assertThat(fixture.steps(new FakeInside(false, true))).startsWith(INSTALL);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "<dependencies><dependency><groupId>g</groupId><artifactId>own</artifactId>"
            + "<version>1</version></dependency></dependencies>",
        "<dependencies><dependency><groupId>p</groupId><artifactId>q</artifactId>"
            + "<version>1</version><scope>system</scope></dependency></dependencies>",
        "<dependencies><dependency><groupId>../..</groupId><artifactId>q</artifactId>"
            + "<version>1</version></dependency></dependencies>",
        "<build><plugins><plugin><artifactId>maven-deploy-plugin</artifactId>"
            + "<version>9</version></plugin></plugins></build>",
        "<build><plugins><plugin><artifactId>maven-source-plugin</artifactId><version>9</version>"
            + "<executions><execution><phase>package</phase></execution></executions></plugin>"
            + "</plugins></build>",
        "<build><pluginManagement><plugins><plugin><artifactId>maven-release-plugin</artifactId>"
            + "<version>9</version></plugin></plugins></pluginManagement></build>",
      })
  void installsNothingThatATestDoesNotNeed(String part) throws IOException {
    haveLifecycle();
    fixture.write("pom.xml", pom(part));
    assertThat(fixture.steps(new FakeInside(false, true))).containsExactly("TEST mvn -B -ntp test");
  }

  @Test
  void looksForWhatAPluginNeedsItself() throws IOException {
    haveLifecycle();
    have(
        "org/apache/maven/plugins/maven-surefire-plugin/3.2",
        "maven-surefire-plugin-3.2.pom",
        pom(
            dependency("org.example", "common", "7")
                .replace(
                    "<dependency>",
                    "<dependency><groupId>org.apache.maven</groupId><artifactId>maven-core"
                        + "</artifactId><version>3</version></dependency><dependency><groupId>x"
                        + "</groupId><artifactId>of-parent</artifactId></dependency><dependency>")));
    have("org/apache/maven/plugins/maven-surefire-plugin/3.2", "maven-surefire-plugin-3.2.jar");
    fixture.write(
        "pom.xml",
        pom(
            "<build><pluginManagement><plugins><plugin><artifactId>maven-surefire-plugin"
                + "</artifactId><version>3.2</version></plugin></plugins></pluginManagement></build>"));
    assertThat(fixture.steps(new FakeInside(false, true))).startsWith(INSTALL);
    have("org/example/common/7", "common-7.jar");
    assertThat(fixture.steps(new FakeInside(false, true))).containsExactly("TEST mvn -B -ntp test");
  }

  @Test
  void looksForWhatSurefireDownloadsWhenItHasFoundTests() throws IOException {
    haveLifecycle();
    have("junit/junit/4.13", "junit-4.13.jar");
    fixture.write("pom.xml", pom(dependency("junit", "junit", "4.13")));
    assertThat(fixture.steps(new FakeInside(false, true))).containsExactly("TEST mvn -B -ntp test");
    fixture.write("src/test/java/ATest.java", "");
    assertThat(fixture.steps(new FakeInside(false, true))).startsWith(INSTALL);
    have("org/apache/maven/surefire/surefire-junit4/3.0", "surefire-junit4-3.0.jar");
    assertThat(fixture.steps(new FakeInside(false, true))).containsExactly("TEST mvn -B -ntp test");
  }

  @Test
  void copiesThePomsOfAllModulesAndTheirParents() throws IOException {
    fixture.write(
        "pom.xml",
        pom(
            "<packaging>pom</packaging><modules><module>a</module><module>b/own.xml</module>"
                + "<module>../outside</module><module>linked</module><module>gone</module></modules>"));
    fixture.write(
        "a/pom.xml",
        "<project><parent><groupId>g</groupId><artifactId>base</artifactId><version>1</version>"
            + "<relativePath>../base</relativePath></parent><artifactId>a</artifactId>"
            + "<build><testSourceDirectory>test</testSourceDirectory></build></project>");
    fixture.write("base/pom.xml", pom("<packaging>pom</packaging>").replace("own", "base"));
    fixture.write("b/own.xml", "<project/>");
    fixture.write(".mvn/maven.config", "-T1");
    fixture.write(".mvn/jvm.config", "");
    Files.createDirectory(temporary.resolve("outside"));
    Files.writeString(temporary.resolve("outside/pom.xml"), "<project/>");
    Files.createSymbolicLink(fixture.project().resolve("linked"), temporary.resolve("outside"));

    var found = fixture.recognise().get(0);
    assertThat(found.keyFiles())
        .containsExactlyInAnyOrder(
            "pom.xml",
            "a/pom.xml",
            "b/own.xml",
            "base/pom.xml",
            ".mvn/maven.config",
            ".mvn/jvm.config");

    var inside = new FakeInside(false, true);
    found.planner().plan(inside);
    assertThat(inside.written().get("/sandbox/maven-install.files").lines())
        .containsExactlyInAnyOrderElementsOf(found.keyFiles());
    assertThat(inside.written().get("/sandbox/maven-install.sources").lines())
        .contains("main src/main/java", "test a/test", "main b/src/main/java");
  }

  @Test
  void seesTheParentAboveTheProjectButNothingOutsideOfTheCheckout() throws IOException {
    fixture.write("pom.xml", pom("<packaging>pom</packaging>").replace("own", "base"));
    fixture.write(
        "module/pom.xml",
        "<project><parent><groupId>g</groupId><artifactId>base</artifactId><version>1</version>"
            + "</parent><artifactId>m</artifactId></project>");
    Files.writeString(temporary.resolve("pom.xml"), "<project/>");
    var module = fixture.project().resolve("module");
    assertThat(Reactor.read(new Checkout(module, fixture.project())).poms())
        .containsOnlyKeys(Path.of("pom.xml"), Path.of("../pom.xml"));
    assertThat(Reactor.read(new Checkout(module)).poms()).containsOnlyKeys(Path.of("pom.xml"));
  }

  @Test
  void saysWhatIsMissingWhereThereIsNoNetwork() throws IOException {
    fixture.write("pom.xml", pom(dependency("org.example", "tool", "1")));
    haveLifecycle();
    var plan = fixture.recognise().get(0).planner().plan(FakeInside.with());
    assertThat(ProjectFixture.steps(plan)).containsExactly(TEST);
    assertThat(plan.notes())
        .containsExactly(
            "The local repository lacks org.example:tool:1: run Maven here once, or leave out"
                + " -Dsandbox.install=caches");
    assertThat(fixture.recognise().get(0).planner().plan(FakeInside.with("test")).notes())
        .as("it was installed apart")
        .containsExactly(
            "What Maven needs is installed apart, as the local repository lacks"
                + " org.example:tool:1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "maven-checkstyle-plugin | | org.apache.maven.plugins:maven-checkstyle-plugin:check",
        "maven-checkstyle-plugin | <executions><execution><id>style</id><goals><goal>check</goal>"
            + "</goals></execution></executions>"
            + " | org.apache.maven.plugins:maven-checkstyle-plugin:check@style",
        "maven-checkstyle-plugin | <executions><execution><goals><goal>check</goal></goals>"
            + "</execution></executions>"
            + " | org.apache.maven.plugins:maven-checkstyle-plugin:check@default",
        "maven-checkstyle-plugin | <executions><execution><id>a b</id><goals><goal>check</goal>"
            + "</goals></execution></executions>"
            + " | org.apache.maven.plugins:maven-checkstyle-plugin:check",
        "spotless-maven-plugin | | com.diffplug.spotless:spotless-maven-plugin:check",
      })
  void runsLintersThatThePomConfigures(String plugin, String more, String goal) throws IOException {
    var group = plugin.startsWith("maven-") ? "org.apache.maven.plugins" : "com.diffplug.spotless";
    for (var where : List.of("<plugins>%s</plugins>", managed("%s"))) {
      fixture.write(
          "pom.xml",
          pom(
              "<build>"
                  + where.formatted(
                      "<plugin><groupId>%s</groupId><artifactId>%s</artifactId><version>3</version>%s</plugin>"
                          .formatted(group, plugin, more == null ? "" : more))
                  + "</build>"));
      var name = plugin.replace("maven-", "").replace("-plugin", "");
      var plan = fixture.recognise().get(0).planner().plan(new FakeInside(false, true));
      assertThat(ProjectFixture.steps(plan))
          .startsWith(INSTALL)
          .endsWith("LINT mvn -B -ntp " + goal);
      assertThat(plan.notes()).contains(name + " is run, as pom.xml configures it");
      assertThat(fixture.recognise().get(0).planner().plan(FakeInside.with()).notes())
          .contains(name + " is not run: pom.xml configures it, but it is not there");
    }
  }

  @Test
  void looksForALinterThatNoTestNeeds() throws IOException {
    haveLifecycle();
    fixture.write(
        "pom.xml",
        pom(
            "<build>"
                + managed("<plugin><artifactId>maven-checkstyle-plugin</artifactId></plugin>")
                + "</build>"));
    assertThat(fixture.steps(new FakeInside(false, true))).startsWith(INSTALL);
    have("org/apache/maven/plugins/maven-checkstyle-plugin/3", "maven-checkstyle-plugin-3.jar");
    assertThat(fixture.steps(FakeInside.with()))
        .containsExactly(
            TEST,
            "LINT "
                + OFFLINE
                + "/sandbox/settings.xml org.apache.maven.plugins:maven-checkstyle-plugin:check");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<!DOCTYPE project [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><project>&a;</project>",
        "<!DOCTYPE project SYSTEM 'file:///etc/passwd'><project/>",
        "<project>&lol;",
        "<project",
        "<settings/>",
        "",
        "\u0000",
      })
  void asksNothingOfAPomThatSaysNothing(String text) throws IOException {
    fixture.write("pom.xml", text);
    assertThat(fixture.steps(new FakeInside(false, true))).containsExactly("TEST mvn -B -ntp test");
  }

  @Test
  void readsPomsMadeToKeepItBusy() throws IOException {
    var properties =
        "<properties><a>%s</a><b>${b}${b}</b></properties>".formatted("${a}${b}".repeat(80));
    var plugins = "<plugin><artifactId>x${a}</artifactId></plugin>".repeat(15_000);
    fixture.write("pom.xml", pom(properties + "<build><plugins>" + plugins + "</plugins></build>"));
    assertThat(fixture.steps(new FakeInside(false, true))).startsWith(INSTALL);
    fixture.write("pom.xml", "<project>" + "<a>".repeat(500_000));
    assertThat(fixture.steps(new FakeInside(false, true))).hasSize(1);
    fixture.write("pom.xml", pom("<modules>" + "<module>.</module>".repeat(90_000) + "</modules>"));
    assertThat(fixture.recognise().get(0).keyFiles()).containsExactly("pom.xml");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "3.8.7 | wrapper 3.9.6 | [3.9.6]",
        "3.9.9 | wrapper 3.9.6 |",
        "4.0.0 | wrapper 3.9.6 | [3.9.6]",
        "3.8.7 | wrapper 4.0.0-rc-3 | [4.0.0-rc-3]",
        "3.8.7 | wrapper ../../x |",
        "3.8.7 | rule 3.9 | [3.9,)",
        "3.9.1 | rule 3.9 |",
        "3.8.7 | rule [3.9,4) | [3.9,4)",
        "3.8.7 | rule [3.8,4) |",
        "3.8.7 | rule [,( |",
        "3.8.7 | rule ${none} |",
        "3.8.7 | least 3.9 | [3.9,4)",
        "3.8.7 | least 3.0 |",
        "'' | wrapper 3.9.6 |",
      })
  void fetchesTheMavenThatIsAskedFor(String running, String asked, String fetched)
      throws IOException {
    var version = asked.substring(asked.indexOf(' ') + 1);
    switch (asked.substring(0, asked.indexOf(' '))) {
      case "wrapper" -> {
        fixture.write("pom.xml", "<project/>");
        fixture.write(
            NeededMaven.WRAPPER,
            "wrapperVersion=3\ndistributionUrl=https\\://m.example.org/a/apache-maven-%s-bin.zip\n"
                .formatted(version));
      }
      case "rule" -> fixture.write("pom.xml", pom(enforced("requireMavenVersion", version)));
      default ->
          fixture.write(
              "pom.xml",
              pom("<prerequisites><maven>%s</maven></prerequisites>".formatted(version)));
    }
    var ranges = new ArrayList<String>();
    var home = temporary.resolve("apache-maven-x");
    Files.createDirectories(home.resolve("bin"));
    var tools =
        new HostTools(
            running,
            range -> {
              ranges.add(range);
              return home;
            },
            HostJdks.NONE);
    var found = recognise(tools);
    var plan = found.planner().plan(FakeInside.with());
    if (fetched == null) {
      assertThat(ranges).isEmpty();
      assertThat(plan.steps().get(0).command()).startsWith("mvn");
    } else {
      assertThat(ranges).containsExactly(fetched);
      assertThat(found.caches()).extracting(CacheMount::target).contains("/caches/maven-home/bin");
      assertThat(plan.steps().get(0).command()).startsWith("/caches/maven-home/bin/mvn");
      assertThat(plan.notes().get(0))
          .startsWith("apache-maven-x is used in the place of Maven " + running + ": ");
    }
  }

  @Test
  void saysWhyAMavenIsNotFetched() throws IOException {
    fixture.write("pom.xml", pom(enforced("requireMavenVersion", "3.9")));
    var tools =
        new HostTools(
            "3.8.7",
            range -> {
              throw new IOException("the server is away");
            },
            HostJdks.NONE);
    var plan = recognise(tools).planner().plan(FakeInside.with());
    assertThat(plan.steps().get(0).command()).startsWith("mvn");
    assertThat(plan.notes().get(0))
        .isEqualTo(
            "Maven 3.8.7 is used, though pom.xml asks for Maven [3.9,), which could not be fetched:"
                + " the server is away. Where tests need it, put it on the PATH, or choose a root"
                + " file system that has it with -Dsandbox.image=…");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "<properties><maven.compiler.release>21</maven.compiler.release></properties> | 21",
        "<properties><maven.compiler.target>21</maven.compiler.target></properties> | 21",
        "<properties><maven.compiler.source>1.8</maven.compiler.source></properties> |",
        "<properties><java.version>21</java.version></properties> |",
        "<properties><v>25</v></properties><build><plugins><plugin><artifactId>"
            + "maven-compiler-plugin</artifactId><configuration><release>${v}</release>"
            + "</configuration></plugin></plugins></build> | 25",
        "<parent><groupId>org.springframework.boot</groupId><artifactId>p</artifactId>"
            + "<version>3</version></parent><properties><java.version>25</java.version>"
            + "</properties> | 25",
        "<build><plugins><plugin><artifactId>maven-enforcer-plugin</artifactId><configuration>"
            + "<rules><requireJavaVersion><version>[21,22)</version></requireJavaVersion></rules>"
            + "</configuration></plugin></plugins></build> | 21",
      })
  void usesAJdkThatTheProjectAsksFor(String part, String feature) throws IOException {
    fixture.write("pom.xml", pom(part));
    var plan =
        recognise(jdks())
            .planner()
            .plan(FakeInside.with("/usr/jdk-25/bin/java", "/caches/jdk/bin/java"));
    if (feature == null) {
      assertThat(plan.env()).doesNotContainKey("JAVA_HOME");
      return;
    }
    assertThat(plan.env())
        .containsEntry("JAVA_HOME", feature.equals("25") ? "/usr/jdk-25" : "/caches/jdk");
    assertThat(plan.notes().get(0))
        .startsWith("JDK " + feature)
        .contains(" is used: pom.xml asks for ");
    assertThat(recognise(jdks()).caches())
        .extracting(CacheMount::target)
        .filteredOn("/caches/jdk"::equals)
        .hasSize(feature.equals("25") ? 0 : 1);
  }

  @Test
  void usesTheJdkOfAnImageThatHasTheRelease() throws IOException {
    fixture.write(
        "pom.xml",
        pom("<properties><maven.compiler.release>99</maven.compiler.release></properties>"));
    var found = recognise(jdks());
    assertThat(found.planner().plan(FakeInside.with("javac")).env()).doesNotContainKey("JAVA_HOME");
    assertThat(found.planner().plan(FakeInside.with()).notes().get(0))
        .isEqualTo(
            "pom.xml asks for JDK 99 or later, which is not there; found: 17.0.2 (/usr/jdk-17),"
                + " 25.0.1 (/usr/jdk-25), 21.0.4 (/opt/jdk-21). Install one, say where there is one"
                + " with -Dsandbox.env=JAVA_HOME=…, or choose a root file system that has it with"
                + " -Dsandbox.image=…");
  }

  @Test
  void findsJdksWhereVariablesSay() throws IOException {
    var jdk = temporary.resolve("jdk");
    fixture.writeAtHome("../jdk/release", "JAVA_VERSION=\"21.0.4\"\n");
    fixture.writeAtHome("../jdk/bin/javac", "");
    fixture.writeAtHome("../jdk/bin/java", "");
    Files.setPosixFilePermissions(
        jdk.resolve("bin/javac"), PosixFilePermissions.fromString("rwx------"));
    Files.setPosixFilePermissions(
        jdk.resolve("bin/java"), PosixFilePermissions.fromString("rwx------"));
    var bin = Files.createDirectory(temporary.resolve("bin"));
    Files.createSymbolicLink(bin.resolve("java"), jdk.resolve("bin/java"));
    var expected = new Jdk(21, "21.0.4", jdk.toRealPath());
    assertThat(HostJdks.find(Map.of("JAVA_HOME_21_X64", jdk.toString()), fixture.home()).all())
        .contains(expected);
    assertThat(HostJdks.find(Map.of("PATH", bin.toString()), fixture.home()).onPath())
        .contains(expected);
  }

  private HostTools jdks() {
    var usual = new Jdk(17, "17.0.2", Path.of("/usr/jdk-17"));
    return new HostTools(
        "",
        HostTools.NONE.mavens(),
        new HostJdks(
            Optional.of(usual),
            List.of(
                usual,
                new Jdk(25, "25.0.1", Path.of("/usr/jdk-25")),
                new Jdk(21, "21.0.4", Path.of("/opt/jdk-21")))));
  }

  @Test
  void installsApartWhatGetsWarmWhateverTheHostHas() throws IOException {
    haveLifecycle();
    fixture.write("pom.xml", pom(""));
    var inside = new FakeInside(false, true);
    var recognition = recognise(HostTools.NONE, true);
    var steps = recognition.planner().plan(inside).steps();
    var warmUp = recognition.warmUp().orElseThrow();

    assertThat(steps).extracting(Step::phase).containsExactly(Phase.INSTALL, Phase.TEST);
    assertThat(warmUp.command(steps.get(0))).isEmpty();
    assertThat(warmUp.command(steps.get(1)))
        .contains(List.of("sh", "/sandbox/warm/warm-mvn.sh", "mvn", "-B", "-ntp", "test"));
    assertThat(
            warmUp.command(
                new Step(Phase.TEST, "", List.of("mvn"), Map.of("A", "1"), Step.OutputFormat.TEXT)))
        .isEmpty();
    assertThat(recognise(HostTools.NONE, false).warmUp()).isEmpty();
    assertThat(recognise(HostTools.NONE, false).planner().plan(inside).steps())
        .extracting(Step::phase)
        .containsExactly(Phase.TEST);
  }

  private Recognition recognise(HostTools tools) {
    return recognise(tools, false);
  }

  private Recognition recognise(HostTools tools, boolean warm) {
    var home = fixture.home();
    var caches = new HostCaches(home.resolve(".m2/repository"), Optional.empty(), home, Map.of());
    return new ProjectRecognizer(caches, tools, warm)
        .recognise(new Checkout(fixture.project()))
        .get(0);
  }

  private void haveLifecycle() throws IOException {
    for (var name :
        List.of("maven-resources-plugin", "maven-compiler-plugin", "maven-surefire-plugin")) {
      have("org/apache/maven/plugins/" + name + "/3", name + "-3.jar");
    }
  }

  private void have(String directory, String file) throws IOException {
    have(directory, file, "");
  }

  private void have(String directory, String file, String text) throws IOException {
    fixture.writeAtHome(".m2/repository/" + directory + "/" + file, text);
  }

  private static String pom(String content) {
    return "<project xmlns='http://maven.apache.org/POM/4.0.0'><groupId>g</groupId>"
        + "<artifactId>own</artifactId><version>1</version>"
        + (content.contains("<properties>")
            ? ""
            : "<properties><tool.version>1.2</tool.version></properties>")
        + content
        + "</project>";
  }

  private static String dependency(String group, String name, String version) {
    return ("<dependencies><dependency><groupId>%s</groupId><artifactId>%s</artifactId>"
            + "<version>%s</version></dependency></dependencies>")
        .formatted(group, name, version);
  }

  private static String managed(String plugin) {
    return "<pluginManagement><plugins>" + plugin + "</plugins></pluginManagement>";
  }

  private static String enforced(String rule, String version) {
    return ("<build><plugins><plugin><artifactId>maven-enforcer-plugin</artifactId><executions>"
                + "<execution><phase>validate</phase><configuration><rules><%1$s><version>%2$s</version>"
                + "</%1$s></rules></configuration></execution></executions></plugin></plugins></build>")
        .formatted(rule, version);
  }
}
