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
        mavenHomePart("lib"));
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

  List<CacheMount> go() {
    var path =
        Optional.ofNullable(env.get("GOPATH"))
            .map(p -> p.split(":", 2)[0])
            .filter(p -> p.startsWith("/"))
            .map(Path::of)
            .orElse(home.resolve("go"));
    var modules = setting("GOMODCACHE").orElse(path.resolve("pkg/mod"));
    var userCache = setting("XDG_CACHE_HOME").orElse(home.resolve(".cache"));
    var builds = setting("GOCACHE").orElse(userCache.resolve("go-build"));
    return mounts(
        new CacheMount(modules, Layout.GO_MODULES), new CacheMount(builds, Layout.GO_BUILD));
  }

  List<CacheMount> cargo() {
    var cargo = setting("CARGO_HOME").orElse(home.resolve(".cargo"));
    return mounts(
        new CacheMount(cargo.resolve("registry"), Layout.CARGO_HOME + "/registry"),
        new CacheMount(cargo.resolve("git"), Layout.CARGO_HOME + "/git"));
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
