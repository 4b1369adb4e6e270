package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What installs the packages of a {@code package.json} and runs its scripts. */
enum PackageManager {
  NPM("npm", "npm"),
  PNPM("pnpm", "pnpm"),
  /** Version 1. */
  YARN("Yarn 1", "yarn"),
  /** Version 2 and later, also called Berry. */
  YARN_BERRY("Yarn", "yarn");

  /** Names the packages that belong to a project. */
  static final String PNPM_WORKSPACE = "pnpm-workspace.yaml";

  /** Yarn as a file of the project itself; only below the directory that is meant for it. */
  private static final Pattern OWN_YARN =
      Pattern.compile("(?m)^yarnPath:\\s*[\"']?(\\.yarn/releases/[\\w.-]{1,100})[\"']?\\s*$");

  private static final Pattern MODERN_YARN = Pattern.compile("yarn@([2-9]|\\d\\d).*");

  /** Corepack must not ask whether it may download, and the version that is there is taken. */
  private static final Map<String, String> COREPACK =
      Map.of(
          "COREPACK_ENABLE_DOWNLOAD_PROMPT", "0",
          "COREPACK_ENABLE_AUTO_PIN", "0",
          "COREPACK_HOME", Layout.COREPACK_HOME);

  private final String shownName;
  private final String program;

  PackageManager(String shownName, String program) {
    this.shownName = shownName;
    this.program = program;
  }

  /** Returns the one that a project says it uses, or else whose lock file it has, or else npm. */
  static PackageManager of(Checkout checkout, PackageJson manifest) {
    var named = manifest.packageManager();
    if (named.startsWith("npm@")) {
      return NPM;
    }
    if (named.startsWith("pnpm@")) {
      return PNPM;
    }
    if (named.startsWith("yarn@")) {
      return MODERN_YARN.matcher(named).matches() ? YARN_BERRY : YARN;
    }
    if (checkout.hasFile("package-lock.json") || checkout.hasFile("npm-shrinkwrap.json")) {
      return NPM;
    }
    if (checkout.hasFile("pnpm-lock.yaml")) {
      return PNPM;
    }
    return checkout
        .read("yarn.lock")
        .map(lock -> lock.contains("__metadata:") ? YARN_BERRY : YARN)
        .orElse(NPM);
  }

  /** Returns its name, for people. */
  String shownName() {
    return shownName;
  }

  /** Returns what it keeps of what it downloaded on the host. */
  List<CacheMount> caches(HostCaches caches) {
    return switch (this) {
      case NPM -> caches.npm();
      case PNPM -> caches.pnpm();
      case YARN -> caches.yarn();
      case YARN_BERRY -> caches.yarnBerry();
    };
  }

  /** Returns the files whose content decides what it installs, besides those of packages. */
  List<String> settings(Checkout checkout) {
    return switch (this) {
      case NPM -> checkout.files("package-lock.json", "npm-shrinkwrap.json", ".npmrc");
      case PNPM ->
          checkout.files(
              "pnpm-lock.yaml", PNPM_WORKSPACE, ".npmrc", ".pnpmfile.cjs", ".pnpmfile.mjs");
      case YARN -> checkout.files("yarn.lock", ".yarnrc", ".npmrc");
      case YARN_BERRY -> checkout.files("yarn.lock", ".yarnrc.yml");
    };
  }

  /** Returns the variables that it needs. */
  Map<String, String> env(boolean online) {
    return switch (this) {
      case NPM ->
          Map.of(
              "npm_config_cache", Layout.NPM_CACHE,
              "npm_config_offline", Boolean.toString(!online),
              "npm_config_audit", "false",
              "npm_config_fund", "false",
              "npm_config_update_notifier", "false");
      case PNPM ->
          with(
              Map.of(
                  "npm_config_store_dir", Layout.PNPM_STORE,
                  "npm_config_update_notifier", "false",
                  // The version that is there is taken; another would have to be downloaded.
                  "npm_config_manage_package_manager_versions", "false",
                  "npm_config_package_manager_strict", "false"));
      case YARN -> with(Map.of("YARN_CACHE_FOLDER", Layout.YARN_CACHE));
      case YARN_BERRY ->
          with(
              Map.of(
                  "YARN_GLOBAL_FOLDER",
                  Layout.YARN_BERRY,
                  "YARN_ENABLE_NETWORK",
                  Boolean.toString(online),
                  "YARN_ENABLE_TELEMETRY",
                  "false"));
    };
  }

  private static Map<String, String> with(Map<String, String> own) {
    var env = new HashMap<>(own);
    env.putAll(COREPACK);
    return env;
  }

  /**
   * Returns how it is called: by its name, as the project's own copy of it, or by way of Corepack,
   * which comes with Node.
   */
  List<String> command(Checkout checkout, Inside inside) {
    var own = ownYarn(checkout);
    if (own.isPresent()) {
      return List.of("node", own.get());
    }
    if (this != NPM && !inside.succeeds(List.of(program, "--version"), env(inside.online()))) {
      var corepack = List.of("corepack", program);
      var version = List.of("corepack", program, "--version");
      if (inside.succeeds(version, env(inside.online()))) {
        return corepack;
      }
    }
    return List.of(program);
  }

  private Optional<String> ownYarn(Checkout checkout) {
    if (this != YARN_BERRY) {
      return Optional.empty();
    }
    return checkout
        .read(".yarnrc.yml")
        .map(OWN_YARN::matcher)
        .filter(Matcher::find)
        .map(m -> m.group(1))
        .filter(checkout::hasFile);
  }

  /**
   * Returns the arguments that install the project's packages, as its lock file says, without
   * running their scripts; empty if they are there already, or if there is no lock file and no
   * network to do without.
   */
  Optional<List<String>> installation(Checkout checkout, PackageJson manifest, boolean online) {
    if (checkout.has("node_modules") || checkout.has(".pnp.cjs")) {
      return Optional.empty();
    }
    var locked =
        switch (this) {
          case NPM -> checkout.firstFile("package-lock.json", "npm-shrinkwrap.json").isPresent();
          case PNPM -> checkout.hasFile("pnpm-lock.yaml");
          case YARN, YARN_BERRY -> checkout.hasFile("yarn.lock");
        };
    if (!locked && (!online || manifest.packages().isEmpty())) {
      return Optional.empty();
    }
    var arguments = new ArrayList<String>();
    switch (this) {
      case NPM ->
          arguments.addAll(locked ? List.of("ci") : List.of("install", "--no-package-lock"));
      case PNPM -> {
        arguments.addAll(List.of("install", locked ? "--frozen-lockfile" : "--no-lockfile"));
        if (!online) {
          arguments.add("--offline");
        }
      }
      case YARN -> {
        arguments.addAll(List.of("install", locked ? "--frozen-lockfile" : "--no-lockfile"));
        arguments.add("--non-interactive");
        if (!online) {
          arguments.add("--offline");
        }
      }
      case YARN_BERRY ->
          arguments.addAll(List.of("install", locked ? "--immutable" : "--no-immutable"));
    }
    arguments.add(this == YARN_BERRY ? "--mode=skip-build" : "--ignore-scripts");
    return Optional.of(List.copyOf(arguments));
  }

  /**
   * Returns what stands before a program of an installed package.
   *
   * @param command how it is called
   */
  List<String> runner(List<String> command) {
    if (this == NPM) {
      return List.of("npx", "--no-install");
    }
    var runner = new ArrayList<>(command);
    runner.add(this == PNPM ? "exec" : "run");
    return runner;
  }

  /** Returns the name of a step for people. */
  String stepName(String what) {
    return program + " " + what;
  }
}
