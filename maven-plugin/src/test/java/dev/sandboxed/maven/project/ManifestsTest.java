package dev.sandboxed.maven.project;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What installations depend on is found in other places than the project's own directory, too. */
@Timeout(60)
class ManifestsTest {
  private static final String TESTED = "{\"scripts\":{\"test\":\"x\"}%s}";

  @TempDir private Path temporary;
  private ProjectFixture fixture;

  @BeforeEach
  void makeProject() throws IOException {
    fixture = ProjectFixture.in(temporary);
  }

  @Test
  void followsWhatRequirementsInclude() throws IOException {
    fixture.write(
        "requirements.txt",
        """
        -r requirements/base.txt  # all of it
        -c pins.txt
        --requirement=more.txt
        --constraint ${DIR}/x.txt
        -r https://example.org/r.txt
        -r ../outside.txt
        -r /etc/passwd
        -r missing.txt
        -r linked/secret.txt
        requests
        """);
    fixture.write("requirements/base.txt", "-rdeep.txt\n-r base.txt\n-r ../requirements.txt\nx\n");
    fixture.write("requirements/deep.txt", "pytest==8\n");
    fixture.write("pins.txt", "");
    fixture.write("more.txt", "");
    fixture.writeAtHome("secret.txt", "");
    Files.createSymbolicLink(fixture.project().resolve("linked"), fixture.home());
    fixture.write("setup.py", "");
    assertThat(keyFiles())
        .containsExactly(
            "setup.py",
            "requirements.txt",
            "requirements/base.txt",
            "pins.txt",
            "more.txt",
            "requirements/deep.txt");
    assertThat(fixture.steps(FakeInside.with())).last().asString().contains("-m pytest");
  }

  @Test
  void dependsOnWhatTheProjectIsBuiltFromWhereItRequiresItself() throws IOException {
    fixture.write("setup.py", "");
    fixture.write("README.md", "");
    fixture.write("own/__init__.py", "");
    fixture.write("requirements-dev.txt", "pytest\n-e ./other\n..\n");
    assertThat(keyFiles()).containsExactly("setup.py", "requirements-dev.txt");
    fixture.write("requirements-dev.txt", "pytest\n-e .[test]  # itself\n");
    assertThat(keyFiles())
        .containsExactly("setup.py", "requirements-dev.txt", "README.md", "own/__init__.py");
  }

  @Test
  void followsNoMoreThanAHundredFilesOfRequirements() throws IOException {
    fixture.write("setup.py", "");
    for (var i = 0; i < 150; i++) {
      fixture.write("r" + i + ".txt", "-r r" + (i + 1) + ".txt\n-r r" + (i + 2) + ".txt\n");
    }
    fixture.write("requirements.txt", "-r r0.txt\n" + "-r\t\t".repeat(100_000));
    assertThat(keyFiles()).hasSize(101).contains("r98.txt").doesNotContain("r99.txt");
  }

  @Test
  void dependsOnThePackagesOfANodeWorkspace() throws IOException {
    fixture.write(
        "package.json",
        TESTED.formatted(
            ",\"workspaces\":[\"packages/*\",\"./apps/**\",\"!packages/b\",\"../out\",\"linked/*\"],"
                + "\"dependencies\":{\"own\":\"file:vendor/own\",\"tar\":\"file:./vendor/a.tgz\","
                + "\"out\":\"file:../out\",\"other\":\"^1\"}"));
    fixture.write("package-lock.json", "{}");
    fixture.write(".npmrc", "");
    fixture.write("packages/a/package.json", "{\"devDependencies\":{\"c\":\"link:../../c\"}}");
    fixture.write("packages/a/index.js", "");
    fixture.write("packages/none/index.js", "");
    fixture.write("packages/node_modules/x/package.json", "{}");
    fixture.write("packages/.hidden/package.json", "{}");
    fixture.write("apps/web/admin/package.json", "{}");
    fixture.write("c/package.json", "not json");
    fixture.write("vendor/own/package.json", "{}");
    fixture.write("vendor/a.tgz", "");
    fixture.write("patches/a+1.0.0.patch", "");
    fixture.writeAtHome("p/package.json", "{}");
    Files.createSymbolicLink(fixture.project().resolve("linked"), fixture.home());
    assertThat(keyFiles())
        .containsExactlyInAnyOrder(
            "package.json",
            "package-lock.json",
            ".npmrc",
            "packages/a/package.json",
            "apps/web/admin/package.json",
            "c/package.json",
            "vendor/own/package.json",
            "vendor/a.tgz",
            "patches/a+1.0.0.patch");
  }

  @Test
  void readsTheWorkspaceOfPnpm() throws IOException {
    fixture.write("package.json", TESTED.formatted(""));
    fixture.write("pnpm-lock.yaml", "");
    fixture.write(".pnpmfile.cjs", "");
    fixture.write("libs/a/package.json", "{}");
    fixture.write(
        "pnpm-workspace.yaml", "catalog:\n  a: [1]\npackages:\n  - 'libs/*'\n  - \"!libs/b\"\n");
    assertThat(keyFiles())
        .containsExactly(
            "package.json",
            "pnpm-lock.yaml",
            "pnpm-workspace.yaml",
            ".pnpmfile.cjs",
            "libs/a/package.json");
    for (var text : List.of("packages: a", "[", "packages: [[a]]", "- a", "packages:\n  - *a")) {
      fixture.write("pnpm-workspace.yaml", text);
      assertThat(keyFiles()).doesNotContain("libs/a/package.json");
    }
  }

  @Test
  void readsWorkspacesAndPluginsOfYarn() throws IOException {
    fixture.write(
        "package.json",
        TESTED.formatted(",\"workspaces\":{\"nohoist\":[],\"packages\":[\"p/?\"]}"));
    fixture.write("yarn.lock", "__metadata:");
    fixture.write(".yarnrc.yml", "");
    fixture.write(".yarn/plugins/@yarnpkg/plugin-x.cjs", "");
    fixture.write(".yarn/releases/yarn-4.5.0.cjs", "");
    fixture.write("p/a/package.json", "{}");
    fixture.write("p/long/package.json", "{}");
    assertThat(keyFiles())
        .containsExactlyInAnyOrder(
            "package.json",
            "yarn.lock",
            ".yarnrc.yml",
            "p/a/package.json",
            ".yarn/plugins/@yarnpkg/plugin-x.cjs",
            ".yarn/releases/yarn-4.5.0.cjs");
  }

  @Test
  void isNotHarmedByHostilePatterns() throws IOException {
    for (var i = 0; i < 40; i++) {
      fixture.write("a".repeat(100) + i + "/x/package.json", "{}");
    }
    var stars = "*a".repeat(100) + "b";
    fixture.write(
        "package.json",
        TESTED.formatted(
            ",\"workspaces\":[\"%s\",\"%s\",\"**/**/**/**/**/**/**/**\",\"a\\u0000b\",7,[\"x\"]]"
                .formatted(stars, "x/".repeat(5_000))));
    assertThat(keyFiles()).contains("package.json");
  }

  @Test
  void dependsOnThePackagesOfAPythonWorkspace() throws IOException {
    fixture.write(
        "pyproject.toml",
        """
        [tool.uv.workspace]
        members = ["packages/*", 7]
        [tool.uv.sources]
        own = { path = "libs/own" }
        out = { path = "../out" }
        [tool.poetry.group.dev.dependencies]
        helper = { path = "libs/helper", develop = true }
        """);
    for (var member : List.of("packages/a", "libs/own", "libs/helper")) {
      fixture.write(member + "/pyproject.toml", "");
    }
    fixture.write("uv.lock", "");
    fixture.write(".python-version", "3.12");
    assertThat(keyFiles())
        .containsExactly(
            "pyproject.toml",
            "uv.lock",
            ".python-version",
            "packages/a/pyproject.toml",
            "libs/own/pyproject.toml",
            "libs/helper/pyproject.toml");
  }

  @Test
  void testsTheModulesOfAGoWorkspace() throws IOException {
    fixture.write(
        "go.work",
        """
        go 1.22
        use ./tools // for people
        use (
          .
          "./lib"
          ../outside
          ./missing
        )
        replace example.org/x => ./forks/x
        """);
    fixture.write("go.mod", "module a\nreplace example.org/y v1.0.0 => ./forks/y\n");
    fixture.write("tools/go.mod", "module b\nreplace (\n\texample.org/z => ../forks/z\n)\n");
    fixture.write("tools/go.sum", "x");
    fixture.write("lib/go.mod", "module c\nreplace example.org/w => example.org/v v1.2.3\n");
    for (var fork : List.of("x", "y", "z")) {
      fixture.write("forks/" + fork + "/go.mod", "module " + fork);
    }
    assertThat(keyFiles())
        .containsExactlyInAnyOrder(
            "go.work",
            "go.mod",
            "tools/go.mod",
            "tools/go.sum",
            "lib/go.mod",
            "forks/x/go.mod",
            "forks/y/go.mod",
            "forks/z/go.mod");
    assertThat(fixture.steps(FakeInside.with()))
        .containsExactly(
            "INSTALL go mod download", "TEST go test -json -count=1 ./tools/... ./... ./lib/...");
    fixture.write("vendor/modules.txt", "");
    assertThat(fixture.steps(FakeInside.with())).hasSize(1);
  }

  @Test
  void recognisesAGoWorkspaceWithoutAModuleOfItsOwn() throws IOException {
    fixture.write("go.work", "use(\n./a\n)\n");
    fixture.write("a/go.mod", "module a");
    assertThat(fixture.recognise().get(0).evidence()).isEqualTo("go.work");
    assertThat(fixture.steps(FakeInside.with()))
        .containsExactly("TEST go test -json -count=1 ./a/...");
  }

  private List<String> keyFiles() {
    return fixture.recognise().get(0).keyFiles();
  }
}
