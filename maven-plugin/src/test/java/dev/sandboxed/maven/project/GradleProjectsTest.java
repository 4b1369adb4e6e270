package dev.sandboxed.maven.project;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GradleProjectsTest {
  private static final String ARGUMENTS = " test --no-daemon --console=plain --continue --offline";

  @TempDir private Path temporary;
  private ProjectFixture fixture;

  @BeforeEach
  void makeProject() throws IOException {
    fixture = ProjectFixture.in(temporary);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"})
  void runsTheGradleOfThePathWhereThereIsNoWrapper(String file) throws IOException {
    fixture.write(file, "");
    assertThat(fixture.recognise()).extracting(Recognition::name).containsExactly("Gradle");
    assertThat(fixture.recognise().get(0).evidence()).isEqualTo(file);
    var plan = fixture.recognise().get(0).planner().plan(FakeInside.with());
    assertThat(ProjectFixture.steps(plan)).containsExactly("TEST gradle" + ARGUMENTS);
    assertThat(plan.notes()).isEmpty();
  }

  @Test
  void runsTheWrapperWhoseDistributionIsThere() throws IOException {
    wrapper("https\\://g.example.org/distributions/gradle-8.5-bin.zip");
    fixture.writeAtHome(".gradle/wrapper/dists/gradle-8.5-bin/abc/gradle-8.5-bin.zip.ok", "");
    fixture.writeAtHome(".gradle/caches/modules-2/files", "");
    fixture.writeAtHome(".gradle/gradle.properties", "password=x");
    var plan = fixture.recognise().get(0).planner().plan(FakeInside.with());
    assertThat(ProjectFixture.steps(plan)).containsExactly("TEST sh gradlew" + ARGUMENTS);
    assertThat(plan.env()).containsEntry("GRADLE_USER_HOME", "/caches/gradle");
    assertThat(fixture.mounted())
        .containsOnlyKeys(".gradle/wrapper/dists", ".gradle/caches/modules-2")
        .containsEntry(".gradle/wrapper/dists", "/caches/gradle/wrapper/dists");
    assertThat(fixture.steps(new FakeInside(false, true)))
        .containsExactly("TEST sh gradlew test --no-daemon --console=plain --continue");
  }

  @ParameterizedTest
  @CsvSource({
    "gradle-4.4.1-bin, false",
    "gradle-5.6.4-all, false",
    "gradle-6.0.1-bin, false",
    "gradle-6.1-bin, true",
    "gradle-6.0123-bin, true",
    "gradle-10.0-bin, true"
  })
  void showsWhatOldVersionsHaveDownloadedWhereItIsOutside(String name, boolean moves)
      throws IOException {
    wrapper("https\\://g.example.org/" + name + ".zip");
    fixture.writeAtHome(".gradle/wrapper/dists/" + name + "/abc/" + name + ".zip.ok", "");
    var home = moves ? "/caches/gradle" : fixture.home().resolve(".gradle").toString();
    assertThat(fixture.recognise().get(0).planner().plan(FakeInside.with()).env())
        .containsEntry("GRADLE_USER_HOME", home);
    assertThat(fixture.mounted()).containsEntry(".gradle/wrapper/dists", home + "/wrapper/dists");
  }

  @Test
  void namesTheDistributionThatIsNotThere() throws IOException {
    wrapper("https\\://g.example.org/distributions/gradle-8.5-bin.zip");
    fixture.writeAtHome(".gradle/wrapper/dists/gradle-8.5-bin/abc/gradle-8.5-bin.zip.part", "");
    var plan = fixture.recognise().get(0).planner().plan(FakeInside.with());
    assertThat(ProjectFixture.steps(plan)).containsExactly("TEST gradle" + ARGUMENTS);
    assertThat(plan.notes())
        .containsExactly(
            "gradle-8.5-bin, which gradle/wrapper/gradle-wrapper.properties asks for, is not in "
                + fixture.home().resolve(".gradle/wrapper/dists")
                + ", and is not downloaded: run ./gradlew here once. Instead, a gradle on the PATH"
                + " is run");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https\\://x/../../../etc.zip",
        "https\\://x/..zip",
        "https\\://x/a b.zip",
        "",
        "\\u00"
      })
  void takesNoNameThatLeadsElsewhere(String url) throws IOException {
    wrapper(url);
    fixture.writeAtHome(".gradle/etc/a/etc.zip.ok", "");
    assertThat(fixture.steps(FakeInside.with())).containsExactly("TEST gradle" + ARGUMENTS);
  }

  private void wrapper(String url) throws IOException {
    fixture.write("build.gradle", "");
    fixture.write("gradlew", "exec gradle \"$@\"");
    fixture.write(GradleDistribution.PROPERTIES, "distributionUrl=" + url + "\n");
  }
}
