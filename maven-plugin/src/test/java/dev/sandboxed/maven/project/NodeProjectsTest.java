package dev.sandboxed.maven.project;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeProjectsTest {
  private static final String MANIFEST =
      "{\"scripts\":{\"test\":\"mocha\",\"lint\":\"x\"},\"devDependencies\":{\"mocha\":\"1\"}%s}";
  @TempDir private Path temporary;
  private ProjectFixture fixture;

  @BeforeEach
  void makeProject() throws IOException {
    fixture = ProjectFixture.in(temporary);
  }

  @ParameterizedTest
  @CsvSource({
    "package-lock.json, {}, npm, npm ci --ignore-scripts, npm",
    "npm-shrinkwrap.json, {}, npm, npm ci --ignore-scripts, npm",
    "pnpm-lock.yaml, '', pnpm, pnpm install --frozen-lockfile --ignore-scripts, pnpm",
    "yarn.lock, # yarn lockfile v1, Yarn 1,"
        + " yarn install --frozen-lockfile --non-interactive --ignore-scripts, yarn",
    "yarn.lock, '__metadata:', Yarn, yarn install --immutable --mode=skip-build, yarn",
    "README.md, '', npm, npm install --no-package-lock --ignore-scripts, npm",
  })
  void installsWithThePackageManagerOfTheLockFile(
      String lockFile, String lock, String name, String installation, String program)
      throws IOException {
    fixture.write("package.json", MANIFEST.formatted(""));
    fixture.write(lockFile, lock);

    var recognition = fixture.recognise().get(0);

    assertThat(recognition.name()).isEqualTo(name);
    assertThat(recognition.keyFiles()).contains("package.json");
    assertThat(ProjectFixture.steps(recognition, new FakeInside(true, true)))
        .containsExactly(
            "INSTALL " + installation,
            "TEST " + program + " test",
            "LINT " + program + " run lint");
  }

  @ParameterizedTest
  @CsvSource({
    "posttest, npm audit, true",
    "test, mocha && npm --silent audit --omit=dev, true",
    "lint, npm run deep, true",
    "predeep, npm audit; true, true",
    "posttest, npm run deeper, false",
    "posttest, npm auditor, false",
    "posttest, echo npm audit, false",
    "audit, npm audit, false",
  })
  void saysWhatAnAuditWithoutANetworkIsWorth(String script, String command, boolean audits)
      throws IOException {
    fixture.write(
        "package.json",
        "{\"scripts\":{\"test\":\"npm run deep\",\"deep\":\"%s\",\"%s\":\"%s\"}}"
            .formatted(command.equals("npm run deep") ? "npm audit" : "x", script, command));
    var planner = fixture.recognise().get(0).planner();
    assertThat(planner.plan(FakeInside.with("npm")).notes())
        .filteredOn(note -> note.contains("found 0 vulnerabilities"))
        .hasSize(audits ? 1 : 0)
        .allMatch(note -> note.contains("-Dsandbox.network=build-tools"));
    assertThat(planner.plan(new FakeInside(true, true)).notes()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "npm@10.2.0, npm",
    "pnpm@9.8.0+sha512.0123, pnpm",
    "yarn@1.22.22, Yarn 1",
    "yarn@4.5.0, Yarn",
    "yarn@10.0.0, Yarn",
    "bun@1.1.0, Yarn 1",
  })
  void takesThePackageManagerThatTheManifestNames(String named, String name) throws IOException {
    fixture.write(
        "package.json", MANIFEST.formatted(",\"packageManager\":\"%s\"".formatted(named)));
    fixture.write("yarn.lock", "# yarn lockfile v1");
    assertThat(fixture.recognise().get(0).name()).isEqualTo(name);
  }

  @Test
  void doesWithoutTheNetworkWhereThereIsNone() throws IOException {
    fixture.write("package.json", MANIFEST.formatted(""));
    fixture.write("pnpm-lock.yaml", "");
    var plan = fixture.recognise().get(0).planner().plan(new FakeInside(true));
    assertThat(plan.steps().get(0).command())
        .containsExactly("pnpm", "install", "--frozen-lockfile", "--offline", "--ignore-scripts");
    fixture.write("package.json", MANIFEST.formatted(",\"packageManager\":\"yarn@4.5.0\""));
    assertThat(fixture.recognise().get(0).planner().plan(new FakeInside(true)).env())
        .containsEntry("YARN_ENABLE_NETWORK", "false");
  }

  @Test
  void installsNothingWhereThePackagesAreThereOrCannotBeHad() throws IOException {
    fixture.write("package.json", MANIFEST.formatted(""));
    assertThat(ProjectFixture.steps(fixture.recognise().get(0), new FakeInside(true)))
        .containsExactly("TEST npm test", "LINT npm run lint");
    fixture.write("yarn.lock", "__metadata:");
    fixture.write(".pnp.cjs", "");
    assertThat(ProjectFixture.steps(fixture.recognise().get(0), new FakeInside(true, true)))
        .containsExactly("TEST yarn test", "LINT yarn run lint");
  }

  @Test
  void callsTheProjectsOwnYarnWhereThereIsOne() throws IOException {
    fixture.write("package.json", MANIFEST.formatted(""));
    fixture.write("yarn.lock", "__metadata:");
    fixture.write(".yarnrc.yml", "nodeLinker: pnp\nyarnPath: .yarn/releases/yarn-4.5.0.cjs\n");
    assertThat(ProjectFixture.steps(fixture.recognise().get(0), new FakeInside(true)))
        .contains("TEST yarn test");
    fixture.write(".yarn/releases/yarn-4.5.0.cjs", "");
    assertThat(ProjectFixture.steps(fixture.recognise().get(0), new FakeInside(true)))
        .contains("TEST node .yarn/releases/yarn-4.5.0.cjs test");
  }

  @Test
  void callsCorepackWhereThePackageManagerIsMissing() throws IOException {
    fixture.write("package.json", MANIFEST.formatted(""));
    fixture.write("pnpm-lock.yaml", "");
    var recognition = fixture.recognise().get(0);
    assertThat(ProjectFixture.steps(recognition, FakeInside.with("corepack")))
        .contains("TEST corepack pnpm test");
    assertThat(ProjectFixture.steps(recognition, FakeInside.with()))
        .as("the missing tool is then an error that names it")
        .contains("TEST pnpm test");
  }

  @Test
  void mountsWhatThePackageManagersKeepAndNothingBeside() throws IOException {
    for (var file :
        List.of(
            ".local/share/pnpm/store/v3/a",
            ".local/share/pnpm/global/a",
            ".cache/yarn/v6/a",
            ".yarn/berry/cache/a",
            ".yarn/berry/metadata/a",
            ".yarnrc.yml",
            ".cache/node/corepack/v1/a")) {
      fixture.writeAtHome(file, "");
    }
    fixture.write("package.json", MANIFEST.formatted(""));
    fixture.write("pnpm-lock.yaml", "");
    assertThat(fixture.mounted())
        .containsOnly(
            Map.entry(".local/share/pnpm/store", "/caches/pnpm-store"),
            Map.entry(".cache/node/corepack", "/caches/corepack"));
    fixture.write("package.json", MANIFEST.formatted(",\"packageManager\":\"yarn@1.22.22\""));
    assertThat(fixture.mounted())
        .containsOnly(
            Map.entry(".cache/yarn/v6", "/caches/yarn/v6"),
            Map.entry(".cache/node/corepack", "/caches/corepack"));
    fixture.write("package.json", MANIFEST.formatted(",\"packageManager\":\"yarn@4.5.0\""));
    assertThat(fixture.mounted())
        .containsOnly(
            Map.entry(".yarn/berry/cache", "/caches/yarn-berry/cache"),
            Map.entry(".cache/node/corepack", "/caches/corepack"));
    fixture.write("package.json", MANIFEST.formatted(",\"packageManager\":\"npm@10.2.0\""));
    assertThat(fixture.mounted()).isEmpty();
  }
}
