package dev.sandboxed.core.buildtools;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A user with the host's tools and a home of the test's own. Nothing of the real user's
 * configuration counts, and nothing leaves the machine but to servers of the test.
 */
final class ToolHome implements AutoCloseable {
  private final Path home;
  private final Map<String, String> variables = new LinkedHashMap<>();
  private final ExecutorService executor = Executors.newCachedThreadPool();

  ToolHome(Path home) {
    this.home = home;
    var realHome = System.getProperty("user.home");
    variables.put("PATH", System.getenv("PATH"));
    variables.put("HOME", home.toString());
    variables.put("LANG", "C.UTF-8");
    variables.put(
        "RUSTUP_HOME", System.getenv().getOrDefault("RUSTUP_HOME", realHome + "/.rustup"));
    Optional.ofNullable(System.getenv("JAVA_HOME")).ifPresent(j -> variables.put("JAVA_HOME", j));
    variables.put("HTTP_PROXY", "http://127.0.0.1:1");
    variables.put("HTTPS_PROXY", "http://127.0.0.1:1");
    variables.put("http_proxy", "http://127.0.0.1:1");
    variables.put("NO_PROXY", "127.0.0.1");
    variables.put("no_proxy", "127.0.0.1");
    // The system's own settings, such as /etc/pip.conf, are not the test's.
    variables.put("PIP_CONFIG_FILE", "/dev/null");
    variables.put("npm_config_globalconfig", home.resolve("no-npmrc").toString());
  }

  Path path() {
    return home;
  }

  ToolHome variable(String name, String value) {
    variables.put(name, value);
    return this;
  }

  ToolHome withoutVariable(String name) {
    variables.remove(name);
    return this;
  }

  ToolHome file(String name, String text) throws IOException {
    var file = home.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    return this;
  }

  /** Skips the test where a tool is not installed. */
  ToolHome needs(String program) {
    assumeTrue(
        environment().program(program).isPresent(),
        () -> program + " is not on this machine, so its configuration cannot be read");
    return this;
  }

  HostEnvironment environment() {
    return new HostEnvironment(new HashMap<>(variables), home, Optional.empty());
  }

  BuildTools tools() {
    return new BuildTools(environment(), executor);
  }

  BuildToolAccess access() {
    return tools().access();
  }

  BuildToolAccess access(Duration limit) {
    return new BuildTools(environment(), executor, limit).access();
  }

  /** Puts a program of the test's own in front of the host's. */
  ToolHome program(String name, String script) throws IOException {
    var bin = Files.createDirectories(home.resolve("bin"));
    var file = Files.writeString(bin.resolve(name), "#!/bin/sh\n" + script + "\n");
    if (!file.toFile().setExecutable(true)) {
      throw new IOException(file + " cannot be made executable");
    }
    if (!variables.get("PATH").startsWith(bin + ":")) {
      variables.put("PATH", bin + ":" + variables.get("PATH"));
    }
    return this;
  }

  /** Returns the patterns of what one tool downloads from. */
  static List<String> hosts(BuildToolAccess access, String tool) {
    return access.hosts().stream()
        .filter(host -> host.tool().equals(tool))
        .map(ReachableHost::pattern)
        .toList();
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
