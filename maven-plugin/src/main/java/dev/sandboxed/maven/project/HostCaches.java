package dev.sandboxed.maven.project;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where the host's build tools keep what they downloaded or built: never their settings or
 * credentials, which lie beside.
 *
 * @param mavenRepository the local Maven repository
 * @param mavenHome the running Maven
 * @param home the user's home directory
 * @param env the host's environment
 */
public record HostCaches(
    Path mavenRepository, Optional<Path> mavenHome, Path home, Map<String, String> env) {

  /** Copies the map. */
  public HostCaches {
    env = Map.copyOf(env);
  }

  List<CacheMount> maven() {
    return mounts(
        new CacheMount(mavenRepository, Layout.MAVEN_REPOSITORY),
        // Without conf, which holds settings; below /usr the image has it already.
        mavenHomePart("bin"),
        mavenHomePart("boot"),
        mavenHomePart("lib"),
        mavenHomePart("conf/logging"));
  }

  /** Returns the same with another Maven than the running one. */
  HostCaches withMaven(Path otherHome) {
    return new HostCaches(mavenRepository, Optional.of(otherHome), home, env);
  }

  /** Returns whether Maven is not a part of the system and is mounted on its own. */
  boolean mountsMavenHome() {
    return mavenHome.filter(h -> !h.startsWith("/usr")).filter(Files::isDirectory).isPresent();
  }

  private CacheMount mavenHomePart(String name) {
    var source = mountsMavenHome() ? mavenHome.orElseThrow().resolve(name) : Path.of("");
    return new CacheMount(source, Layout.MAVEN_HOME + "/" + name);
  }

  List<CacheMount> npm() {
    var cache = setting("npm_config_cache").orElse(home.resolve(".npm"));
    return mounts(new CacheMount(cache.resolve("_cacache"), Layout.NPM_CACHE + "/_cacache"));
  }

  List<CacheMount> pnpm() {
    var data = setting("XDG_DATA_HOME").orElse(home.resolve(".local/share"));
    var store =
        setting("npm_config_store_dir")
            .or(() -> setting("PNPM_HOME").map(p -> p.resolve("store")))
            .orElse(data.resolve("pnpm/store"));
    return mounts(new CacheMount(store, Layout.PNPM_STORE), corepack());
  }

  List<CacheMount> yarn() {
    var cache = setting("YARN_CACHE_FOLDER").orElse(userCache().resolve("yarn"));
    return mounts(new CacheMount(cache.resolve("v6"), Layout.YARN_CACHE + "/v6"), corepack());
  }

  List<CacheMount> yarnBerry() {
    var folder = setting("YARN_GLOBAL_FOLDER").orElse(home.resolve(".yarn/berry"));
    return mounts(
        new CacheMount(folder.resolve("cache"), Layout.YARN_BERRY + "/cache"), corepack());
  }

  List<CacheMount> python() {
    var poetry = setting("POETRY_CACHE_DIR").orElse(userCache().resolve("pypoetry"));
    return mounts(
        new CacheMount(setting("UV_CACHE_DIR").orElse(userCache().resolve("uv")), Layout.UV_CACHE),
        new CacheMount(poetry.resolve("cache"), Layout.POETRY_CACHE + "/cache"),
        new CacheMount(poetry.resolve("artifacts"), Layout.POETRY_CACHE + "/artifacts"));
  }

  /** Package managers that Corepack has downloaded. */
  private CacheMount corepack() {
    return new CacheMount(
        setting("COREPACK_HOME").orElse(userCache().resolve("node/corepack")),
        Layout.COREPACK_HOME);
  }

  private Path userCache() {
    return setting("XDG_CACHE_HOME").orElse(home.resolve(".cache"));
  }

  List<CacheMount> go() {
    var path =
        Optional.ofNullable(env.get("GOPATH"))
            .map(p -> p.split(":", 2)[0])
            .filter(p -> p.startsWith("/"))
            .map(Path::of)
            .orElse(home.resolve("go"));
    var modules = setting("GOMODCACHE").orElse(path.resolve("pkg/mod"));
    var builds = setting("GOCACHE").orElse(userCache().resolve("go-build"));
    return mounts(
        new CacheMount(modules, Layout.GO_MODULES), new CacheMount(builds, Layout.GO_BUILD));
  }

  List<CacheMount> cargo() {
    var cargo = cargoHome();
    return mounts(
        new CacheMount(cargo.resolve("registry"), Layout.CARGO_HOME + "/registry"),
        new CacheMount(cargo.resolve("git"), Layout.CARGO_HOME + "/git"));
  }

  /**
   * Gradles that wrappers have unpacked, and what builds have downloaded.
   *
   * @param inside Gradle's home inside
   */
  List<CacheMount> gradle(String inside) {
    return mounts(
        new CacheMount(gradleDistributions(), inside + "/wrapper/dists"),
        new CacheMount(gradleHome().resolve("caches/modules-2"), inside + "/caches/modules-2"));
  }

  Path gradleDistributions() {
    return gradleHome().resolve("wrapper/dists");
  }

  /** Returns the directory of Gradle. */
  Path gradleHome() {
    return setting("GRADLE_USER_HOME").orElse(home.resolve(".gradle"));
  }

  /** Returns the directory of Cargo. */
  Path cargoHome() {
    return setting("CARGO_HOME").orElse(home.resolve(".cargo"));
  }

  private Optional<Path> setting(String name) {
    return Optional.ofNullable(env.get(name)).filter(p -> p.startsWith("/")).map(Path::of);
  }

  private static List<CacheMount> mounts(CacheMount... candidates) {
    return List.of(candidates).stream()
        .filter(c -> c.source().isAbsolute() && Files.isDirectory(c.source()))
        .toList();
  }
}
