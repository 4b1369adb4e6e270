package dev.sandboxed.maven.project;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LintersTest {
  @TempDir private Path temporary;
  private ProjectFixture fixture;

  @BeforeEach
  void makeProject() throws IOException {
    fixture = ProjectFixture.in(temporary);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "setup.py | | ruff.toml | | python3 -m ruff check .",
        "setup.py | | .ruff.toml | | python3 -m ruff check .",
        "setup.py | | pyproject.toml | [tool.ruff] | python3 -m ruff check .",
        "setup.py | | .flake8 | | python3 -m flake8 --exclude=.git,.venv,venv,.tox,build,dist",
        "setup.py | | tox.ini | [flake8] | python3 -m flake8"
            + " --exclude=.git,.venv,venv,.tox,build,dist",
        "setup.py | | mypy.ini | [mypy] | python3 -m mypy .",
        "setup.py | | setup.cfg | [mypy] | python3 -m mypy .",
        "setup.py | | .mypy.ini | files = src | python3 -m mypy",
        "setup.py | | pyproject.toml | [tool.black] | python3 -m black --check .",
        "setup.py | | .isort.cfg | | python3 -m isort --check-only .",
        "go.mod | module a | .golangci.yml | | golangci-lint run --output.text.path=stdout"
            + " --output.sarif.path=/sandbox/reports/golangci-lint.sarif",
        "Cargo.toml | [package] | clippy.toml | | cargo clippy --all-targets --offline",
        "Cargo.toml | [package] | rustfmt.toml | | cargo fmt --check",
      })
  void runsLintersThatAreConfiguredAndThere(
      String file, String text, String configuration, String settings, String command)
      throws IOException {
    fixture.write(file, text == null ? "" : text);
    fixture.write(configuration, settings == null ? "" : settings);
    var plan = fixture.recognise().get(0).planner().plan(new FakeInside(true));
    assertThat(ProjectFixture.steps(plan)).last().isEqualTo("LINT " + command);
    assertThat(plan.notes())
        .singleElement()
        .asString()
        .endsWith(" is run, as " + configuration + " configures it");
  }

  @Test
  void runsClippyWhereTheManifestConfiguresIt() throws IOException {
    fixture.write("Cargo.toml", "[package]\n[lints.clippy]\nall = \"deny\"\n");
    assertThat(fixture.steps(FakeInside.with("cargo").reachingServers()))
        .containsExactly("TEST cargo test", "LINT cargo clippy --all-targets");
  }

  @Test
  void saysWhichLintersAreMissing() throws IOException {
    fixture.write("setup.py", "");
    fixture.write("ruff.toml", "");
    var plan = fixture.recognise().get(0).planner().plan(FakeInside.with());
    assertThat(ProjectFixture.steps(plan)).hasSize(1);
    assertThat(plan.notes())
        .containsExactly("ruff is not run: ruff.toml configures it, but it is not there");
  }

  @Test
  void takesProgramsWherePythonHasNoSuchModule() throws IOException {
    fixture.write("setup.py", "");
    fixture.write("ruff.toml", "");
    assertThat(fixture.steps(FakeInside.with("ruff"))).contains("LINT ruff check .");
  }

  @Test
  void runsLintersThatWillBeInstalled() throws IOException {
    fixture.write("pyproject.toml", "[dependency-groups]\ndev = ['Ruff>=0.5']\n[tool.ruff]\n");
    fixture.write("requirements-dev.txt", "# for us\nmypy == 1.0\n");
    fixture.write("mypy.ini", "");
    assertThat(fixture.steps(FakeInside.with()))
        .contains(
            "LINT /sandbox/venv/bin/python -m ruff check .",
            "LINT /sandbox/venv/bin/python -m mypy .");
    fixture.write("uv.lock", "[[package]]\nname = \"ruff\"\n");
    assertThat(fixture.steps(FakeInside.with("uv")))
        .contains("LINT /sandbox/venv/bin/python -m ruff check .")
        .noneMatch(step -> step.contains("mypy"));
  }

  @Test
  void hasRuffWriteSarifBesides() throws IOException {
    fixture.write("setup.py", "");
    fixture.write("ruff.toml", "");
    var plan = fixture.recognise().get(0).planner().plan(FakeInside.with("ruff"));
    var path = "/sandbox/reports/ruff.sarif";
    assertThat(plan.steps().get(1).sarif())
        .contains(
            new SarifOutput(
                List.of(
                    "ruff",
                    "check",
                    ".",
                    "--quiet",
                    "--exit-zero",
                    "--output-format=sarif",
                    "--output-file=" + path),
                path));
  }

  @Test
  void vetsGoWhereGolangciLintIsMissing() throws IOException {
    fixture.write("go.mod", "module a");
    fixture.write(".golangci.yaml", "");
    assertThat(fixture.steps(FakeInside.with("go"))).last().isEqualTo("LINT go vet ./...");
  }

  @ParameterizedTest
  @CsvSource({
    "package-lock.json, npx --no-install",
    "pnpm-lock.yaml, pnpm exec",
    "yarn.lock, yarn run",
  })
  void runsLintersOfNodeThatTheProjectDependsOn(String lockFile, String runner) throws IOException {
    fixture.write(
        "package.json",
        "{\"scripts\":{\"test\":\"x\"},\"prettier\":{},\"devDependencies\":{\"eslint\":\"9\"}}");
    fixture.write(lockFile, "");
    fixture.write("eslint.config.js", "");
    var plan = fixture.recognise().get(0).planner().plan(new FakeInside(true));
    assertThat(ProjectFixture.steps(plan)).last().isEqualTo("LINT " + runner + " eslint .");
    assertThat(plan.notes())
        .containsExactly(
            "eslint is run, as eslint.config.js configures it",
            "prettier is not run: package.json configures it, but it is not there");
  }

  @Test
  void leavesItToTheProjectsOwnScript() throws IOException {
    fixture.write(
        "package.json",
        "{\"scripts\":{\"test\":\"x\",\"lint\":\"y\"},\"devDependencies\":{\"eslint\":\"9\"}}");
    fixture.write(".eslintrc.json", "{}");
    assertThat(fixture.steps(new FakeInside(true)))
        .containsExactly("TEST npm test", "LINT npm run lint");
  }
}
