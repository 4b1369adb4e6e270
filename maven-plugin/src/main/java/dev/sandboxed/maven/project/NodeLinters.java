package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds the linters that a project with a {@code package.json} has configured. */
final class NodeLinters {
  private static final String[] ESLINT = {
    "eslint.config.js",
    "eslint.config.mjs",
    "eslint.config.cjs",
    "eslint.config.ts",
    ".eslintrc.js",
    ".eslintrc.cjs",
    ".eslintrc.yaml",
    ".eslintrc.yml",
    ".eslintrc.json",
    ".eslintrc"
  };
  private static final String[] PRETTIER = {
    "prettier.config.js",
    "prettier.config.mjs",
    "prettier.config.cjs",
    "prettier.config.ts",
    ".prettierrc",
    ".prettierrc.json",
    ".prettierrc.yaml",
    ".prettierrc.yml",
    ".prettierrc.json5",
    ".prettierrc.js",
    ".prettierrc.mjs",
    ".prettierrc.cjs",
    ".prettierrc.toml"
  };

  private final Checkout checkout;
  private final PackageJson manifest;
  private final List<String> runner;

  /**
   * Makes a search.
   *
   * @param runner what stands before a program of an installed package, such as {@code pnpm exec}
   */
  NodeLinters(Checkout checkout, PackageJson manifest, List<String> runner) {
    this.checkout = checkout;
    this.manifest = manifest;
    this.runner = List.copyOf(runner);
  }

  Linters find() {
    var found = new Linters();
    configuration("eslintConfig", ESLINT).ifPresent(c -> add(found, "eslint", c, "."));
    configuration("prettier", PRETTIER).ifPresent(c -> add(found, "prettier", c, "--check", "."));
    return found;
  }

  private Optional<String> configuration(String member, String... files) {
    return checkout
        .firstFile(files)
        .or(
            () ->
                manifest.members().contains(member)
                    ? Optional.of(PackageJson.NAME)
                    : Optional.empty());
  }

  /** A linter is there if the project depends on it: what is not named is not installed. */
  private void add(Linters found, String name, String configuration, String... arguments) {
    if (!manifest.packages().containsKey(name)) {
      found.miss(name, configuration);
      return;
    }
    var command = new ArrayList<>(runner);
    command.add(name);
    command.addAll(List.of(arguments));
    found.add(name, configuration, command);
  }
}
