package dev.sandboxed.maven.project;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PythonProjectsTest {
  private static final String PYTEST =
      "TEST /sandbox/venv/bin/python -m pytest --junitxml=/sandbox/reports/python.xml"
          + " -o junit_family=xunit2";
  private static final String VENV = "INSTALL python3 -m venv /sandbox/venv";
  private static final String PIP =
      "INSTALL /sandbox/venv/bin/python -m pip install --disable-pip-version-check"
          + " --progress-bar=off ";
  @TempDir private Path temporary;
  private ProjectFixture fixture;

  @BeforeEach
  void makeProject() throws IOException {
    fixture = ProjectFixture.in(temporary);
  }

  @Test
  void installsWhatUvHasLocked() throws IOException {
    fixture.write("pyproject.toml", "[project]\nname = 'a'\ndependencies = ['b']\n");
    fixture.write("uv.lock", "[[package]]\nname = \"pytest\"\n");
    var recognition = fixture.recognise().get(0);
    var plan = recognition.planner().plan(FakeInside.with("uv").reachingServers());
    assertThat(recognition.keyFiles()).containsExactly("pyproject.toml", "uv.lock");
    assertThat(ProjectFixture.steps(plan))
        .containsExactly(
            "INSTALL uv sync --frozen --no-install-workspace --all-extras --all-groups", PYTEST);
    assertThat(plan.env())
        .containsEntry("UV_PROJECT_ENVIRONMENT", "/sandbox/venv")
        .containsEntry("UV_OFFLINE", "false");
    assertThat(recognition.planner().plan(FakeInside.with("uv")).env())
        .containsEntry("UV_OFFLINE", "true");
  }

  @Test
  void findsItsSourcesWhereverItIsInTheCheckout() throws IOException {
    fixture.write("service/src/own.py", "");
    fixture.write("service/setup.py", "");
    var project = new Checkout(fixture.project().resolve("service"), fixture.project());
    var caches = new HostCaches(temporary, Optional.empty(), temporary, Map.of());
    var recognition = new ProjectRecognizer(caches).recognise(project).get(0);
    assertThat(recognition.planner().plan(FakeInside.with("python3")).env())
        .containsEntry("PYTHONPATH", "/work/service/src");
  }

  @Test
  void installsWhatPoetryHasLocked() throws IOException {
    fixture.write("pyproject.toml", "[tool.poetry]\nname = 'a'\n");
    fixture.write("poetry.lock", "[[package]]\nname = \"pytest\"\n");
    var plan = fixture.recognise().get(0).planner().plan(FakeInside.with("poetry"));
    assertThat(ProjectFixture.steps(plan))
        .containsExactly(
            VENV, "INSTALL poetry install --no-interaction --no-root --all-extras", PYTEST);
    assertThat(plan.steps().get(1).env()).containsEntry("VIRTUAL_ENV", "/sandbox/venv");
  }

  @Test
  void leavesPackagesOfTheProjectToTheirSources() throws IOException {
    fixture.write("pyproject.toml", "");
    fixture.write("libs/a/src/a/__init__.py", "");
    fixture.write("libs/b/b/__init__.py", "");
    fixture.write(
        "uv.lock",
        """
        [[package]]
        name = "a"
        source = { editable = "libs/a" }
        [[package]]
        name = "b"
        source = { directory = "libs/b" }
        [[package]]
        name = "--hostile"
        source = { directory = "libs/b" }
        [[package]]
        name = "outside"
        source = { directory = "../b" }
        [[package]]
        name = "own"
        source = { virtual = "." }
        """);
    var uv = fixture.recognise().get(0).planner().plan(FakeInside.with("uv"));
    assertThat(ProjectFixture.steps(uv))
        .first()
        .asString()
        .endsWith(" --all-groups --no-install-package=a --no-install-package=b");
    assertThat(uv.env()).containsEntry("PYTHONPATH", "/work/libs/a/src:/work/libs/b");
    fixture.write("uv.lock", "");
    fixture.write(
        "poetry.lock",
        """
        [[package]]
        name = "b"
        [package.source]
        type = "directory"
        url = "libs/b"
        """);
    var poetry = fixture.recognise().get(0).planner().plan(FakeInside.with("poetry"));
    assertThat(ProjectFixture.steps(poetry)).anyMatch(step -> step.endsWith(" --no-directory"));
    assertThat(poetry.env()).containsEntry("PYTHONPATH", "/work/libs/b");
  }

  @Test
  void takesNothingFromServersThatUvTakesFromTheProject() throws IOException {
    fixture.write(
        "pyproject.toml",
        """
        [project]
        name = "whole"
        dependencies = ["My.Lib>=1", "member", "elsewhere"]
        [tool.uv.sources]
        my_lib = { path = "libs/lib" }
        member = { workspace = true }
        elsewhere = { index = "own" }
        """);
    assertThat(fixture.steps(FakeInside.with()))
        .containsExactly(VENV, PIP + "elsewhere pytest", PYTEST);
  }

  @Test
  void runsUnittestWhereTheLockFileHasNoPytest() throws IOException {
    fixture.write("uv.lock", "");
    fixture.write("pyproject.toml", "");
    assertThat(fixture.steps(FakeInside.with("uv")))
        .last()
        .asString()
        .startsWith("TEST /sandbox/venv/bin/python /sandbox/unittest_junit.py");
  }

  @Test
  void installsWhatRequirementsAndTheProjectNameWithPip() throws IOException {
    fixture.write(
        "pyproject.toml",
        """
        [project]
        name = "own"
        dependencies = ["packaging>=23", "--index-url=https://example.org", 7]

        [project.optional-dependencies]
        dev = ["Own[test]", "tox"]
        test = ["hypothesis"]
        docs = ["sphinx"]

        [dependency-groups]
        dev = [{include-group = "typing"}, "ruff"]
        typing = [{include-group = "dev"}, "mypy"]
        """);
    fixture.write("requirements.txt", "");
    fixture.write("requirements/test.txt", "");
    assertThat(fixture.recognise().get(0).keyFiles())
        .containsExactly("pyproject.toml", "requirements.txt", "requirements/test.txt");
    assertThat(fixture.steps(FakeInside.with()))
        .containsExactly(
            VENV,
            PIP
                + "-r requirements.txt -r requirements/test.txt packaging>=23 hypothesis tox mypy"
                + " ruff pytest",
            PYTEST);
  }

  @Test
  void installsWithPipWhereTheToolOfTheLockFileIsMissing() throws IOException {
    fixture.write("pyproject.toml", "[project]\nname = 'a'\ndependencies = ['b']\n");
    fixture.write("uv.lock", "");
    fixture.write("poetry.lock", "");
    assertThat(fixture.steps(FakeInside.with())).containsExactly(VENV, PIP + "b pytest", PYTEST);
  }

  @Test
  void installsNothingWhereAllIsThere() throws IOException {
    fixture.write("pyproject.toml", "[project]\nname = 'a'\ndependencies = ['b']\n");
    assertThat(fixture.steps(FakeInside.with("python3")))
        .singleElement()
        .asString()
        .startsWith("TEST python3 -m pytest");
    assertThat(fixture.steps(FakeInside.with("/sandbox/venv/bin/python")))
        .as("installed before")
        .containsExactly(PYTEST);
    fixture.write(".venv/bin/python", "");
    assertThat(fixture.steps(FakeInside.with("/work/.venv/bin/python")))
        .singleElement()
        .asString()
        .startsWith("TEST /work/.venv/bin/python -m pytest");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[[[[",
        "project = 1",
        "[project]\ndependencies = {a = 1}\n[tool]\nx = 1",
        "[dependency-groups]\ndev = 'a'",
        "[project]\nname = []\noptional-dependencies = [1]",
      })
  void takesAProjectFileThatIsNoneForAnEmptyOne(String text) throws IOException {
    fixture.write("pyproject.toml", text);
    assertThat(fixture.steps(FakeInside.with())).hasSize(1);
  }

  @Test
  void isNotHarmedByADeepProjectFile() throws IOException {
    fixture.write("pyproject.toml", "a = " + "[".repeat(1_000_000));
    assertThat(fixture.steps(FakeInside.with())).hasSize(1);
    fixture.write("pyproject.toml", "a = 1\n" + "[" + "a.".repeat(500_000) + "b]\n");
    assertThat(fixture.steps(FakeInside.with())).hasSize(1);
  }

  @Test
  void mountsWhatTheToolsKeepAndNothingBeside() throws IOException {
    for (var file :
        new String[] {
          ".cache/uv/a",
          ".cache/pypoetry/cache/a",
          ".cache/pypoetry/artifacts/a",
          ".cache/pypoetry/virtualenvs/a",
          ".config/pypoetry/auth.toml"
        }) {
      fixture.writeAtHome(file, "");
    }
    fixture.write("setup.py", "");
    assertThat(fixture.mounted())
        .containsOnly(
            Map.entry(".cache/uv", "/caches/uv"),
            Map.entry(".cache/pypoetry/cache", "/caches/poetry/cache"),
            Map.entry(".cache/pypoetry/artifacts", "/caches/poetry/artifacts"));
  }
}
