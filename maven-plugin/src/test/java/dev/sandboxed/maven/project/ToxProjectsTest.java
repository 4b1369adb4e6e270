package dev.sandboxed.maven.project;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class ToxProjectsTest {
  private static final String NOTEST =
      "INSTALL sh -c python3 -m tox run --workdir /sandbox/tox --notest"
          + " || python3 -m tox run --workdir /sandbox/tox --notest --skip-pkg-install";
  private static final String TEST =
      "TEST python3 -m tox run --workdir /sandbox/tox --skip-pkg-install";

  @TempDir private Path temporary;
  private ProjectFixture fixture;

  @BeforeEach
  void makeProject() throws IOException {
    fixture = ProjectFixture.in(temporary);
    fixture.write("setup.py", "");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tox.ini | [tox]~envlist = py",
        "tox.ini | # a~[testenv]~deps = pytest",
        "tox.ini | [testenv:lint]~deps = flake8",
        "tox.toml | env_list = []",
        "setup.cfg | [tox:tox]",
        "pyproject.toml | [tool.tox]~env_list = []",
      })
  void goesByToxWhereNothingElseSaysWhatTestsNeed(String file, String text) throws IOException {
    fixture.write(file, text.replace('~', '\n'));
    var found = fixture.recognise();
    assertThat(found).extracting(Recognition::name).containsExactly("tox", "Python");
    assertThat(found.get(0).evidence()).isEqualTo(file);
    assertThat(fixture.steps(FakeInside.with("python3").reachingServers()))
        .containsExactly(NOTEST, TEST);
  }

  @ParameterizedTest
  @CsvSource({
    "requirements.txt, ''",
    "uv.lock, ''",
    "poetry.lock, ''",
    "pyproject.toml, [project]~dependencies = ['a']",
  })
  void leavesItToPythonsRecipeWhereSomethingDoes(String file, String text) throws IOException {
    fixture.write("tox.ini", "[tox]\n");
    fixture.write(file, text.replace('~', '\n'));
    assertThat(fixture.recognise()).extracting(Recognition::name).containsExactly("Python", "tox");
  }

  @Test
  void takesNoFileForTheOnesOfTox() throws IOException {
    fixture.write("tox.ini", "[flake8]\nmax-line-length = 100\n[testenvironment]\n");
    assertThat(fixture.recognise()).extracting(Recognition::name).containsExactly("Python");
  }

  @Test
  void installsToxWhereItIsMissing() throws IOException {
    fixture.write("tox.ini", "[tox]\n");
    assertThat(fixture.steps(FakeInside.with().reachingServers()))
        .startsWith(
            "INSTALL python3 -m venv /sandbox/tox-program",
            "INSTALL /sandbox/tox-program/bin/python -m pip install --disable-pip-version-check"
                + " --progress-bar=off tox")
        .last()
        .isEqualTo(
            "TEST /sandbox/tox-program/bin/python -m tox run --workdir /sandbox/tox"
                + " --skip-pkg-install");
  }

  @Test
  void onlyTestsWhereAllIsInstalled() throws IOException {
    fixture.write("tox.ini", "[tox]\n");
    var plan = fixture.recognise().get(0).planner().plan(FakeInside.with("test", "tox"));
    assertThat(ProjectFixture.steps(plan))
        .containsExactly("TEST tox run --workdir /sandbox/tox --skip-pkg-install");
    assertThat(plan.env())
        .containsEntry("TOXENV", "py")
        .containsEntry(
            "PYTEST_ADDOPTS", "--junitxml=/sandbox/reports/tox.xml -o junit_family=xunit2");
    assertThat(plan.reports()).isEqualTo(new ReportSource.File("/sandbox/reports/tox.xml"));
  }

  @Test
  void doesAsPythonsRecipeWhereNothingCanBeInstalled() throws IOException {
    fixture.write("tox.ini", "[tox]\n");
    assertThat(fixture.steps(FakeInside.with("python3")))
        .containsExactly(
            "TEST python3 -m pytest --junitxml=/sandbox/reports/python.xml -o junit_family=xunit2");
  }

  @Test
  void dependsOnWhatThePackageIsBuiltFrom() throws IOException {
    fixture.write("tox.ini", "[tox]\n");
    for (var file :
        new String[] {
          "src/own/__init__.py",
          "src/own/deep/__init__.py",
          "src/own/_version.py",
          "src/own/other.py",
          "tests/__init__.py",
          ".hidden/__init__.py",
          "one.py"
        }) {
      fixture.write(file, "");
    }
    assertThat(fixture.recognise().get(0).keyFiles())
        .containsExactly(
            "tox.ini",
            "setup.py",
            "src/own/__init__.py",
            "src/own/_version.py",
            "src/own/deep/__init__.py");
    fixture.write("setup.py", "setup(py_modules=['one'])");
    assertThat(fixture.recognise().get(0).keyFiles()).contains("one.py");
  }

  @Test
  void dependsOnTheFilesThatTheSettingsName() throws IOException {
    fixture.write(
        "tox.ini",
        """
        [testenv]
        deps =
            -r{toxinidir}/reqs/test.txt
            -c pins.txt
        [testenv:docs]
        deps = -r ../outside.txt
        """);
    fixture.write("reqs/test.txt", "-r more.txt\n");
    fixture.write("reqs/more.txt", "");
    fixture.write("pins.txt", "");
    fixture.write("README.md", "");
    assertThat(fixture.recognise().get(0).keyFiles())
        .containsExactly(
            "tox.ini", "setup.py", "README.md", "reqs/test.txt", "pins.txt", "reqs/more.txt");
  }
}
