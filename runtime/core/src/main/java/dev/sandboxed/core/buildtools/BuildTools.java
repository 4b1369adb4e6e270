package dev.sandboxed.core.buildtools;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Asks the build tools that are installed what they download from: once, when it is first needed,
 * all at the same time. Thread-safe.
 */
public final class BuildTools {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final List<ToolReader> READERS =
      List.of(
          new MavenReader(),
          new NpmReader(),
          new YarnReader(),
          new PipReader(),
          new CargoReader(),
          new GoReader());

  private final HostEnvironment environment;
  private final Executor executor;
  private final Duration limit;
  private @Nullable CompletableFuture<BuildToolAccess> access;

  /**
   * Makes a reader of a host's configuration; nothing is read yet.
   *
   * @param executor runs the tools; must not bound its threads
   */
  public BuildTools(HostEnvironment environment, Executor executor) {
    this(environment, executor, LIMIT);
  }

  /** Makes a reader with another limit for all tools together. */
  BuildTools(HostEnvironment environment, Executor executor, Duration limit) {
    this.environment = environment;
    this.executor = executor;
    this.limit = limit;
  }

  /**
   * Returns what the tools said; the first call asks them, which takes a second or two, and 30
   * seconds at most.
   *
   * <p>A tool that is not installed says nothing; one that fails is a warning in the answer.
   */
  public BuildToolAccess access() {
    return started().join();
  }

  private synchronized CompletableFuture<BuildToolAccess> started() {
    if (access == null) {
      access = ask();
    }
    return access;
  }

  private CompletableFuture<BuildToolAccess> ask() {
    var tools = new HostCommands(environment, executor, limit);
    var answers =
        READERS.stream()
            .map(reader -> CompletableFuture.supplyAsync(() -> ask(reader, tools), executor))
            .toList();
    return CompletableFuture.allOf(answers.toArray(CompletableFuture<?>[]::new))
        .thenApplyAsync(
            done -> join(answers.stream().flatMap(a -> a.join().stream()).toList()), executor)
        .whenComplete((found, failure) -> log(found));
  }

  private static void log(@Nullable BuildToolAccess found) {
    var logger = System.getLogger("dev.sandboxed");
    if (found != null) {
      found.warnings().forEach(warning -> logger.log(Level.WARNING, "Build tools: " + warning));
      logger.log(Level.DEBUG, () -> "Build tools download from " + found.hosts());
    }
  }

  private static Optional<ToolConfiguration> ask(ToolReader reader, HostCommands tools) {
    var failed = new ToolConfiguration.Builder(reader.tool());
    try {
      return reader.read(tools);
    } catch (IOException e) {
      failed.warn(
          "its configuration is not known, and what it downloads from is not allowed: %s"
              .formatted(String.valueOf(e.getMessage())));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      failed.warn("asking it for its configuration was interrupted");
    }
    return Optional.of(failed.build());
  }

  private boolean hasProxy() {
    return List.of("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY").stream()
        .anyMatch(name -> environment.variable(name).isPresent());
  }

  private BuildToolAccess join(List<ToolConfiguration> configurations) {
    var hosts = new ArrayList<ReachableHost>();
    var variables = new LinkedHashMap<String, String>();
    var files = new LinkedHashMap<String, String>();
    var proxies = new ArrayList<ToolProxy>();
    var warnings = new ArrayList<String>();
    var certificates = new ArrayList<Path>();
    for (var configuration : configurations) {
      hosts.addAll(configuration.hosts());
      variables.putAll(configuration.environment());
      files.putAll(configuration.files());
      proxies.addAll(configuration.proxies());
      warnings.addAll(configuration.warnings());
      certificates.addAll(configuration.certificates());
    }
    proxies.stream()
        .findFirst()
        .filter(proxy -> proxy.login() && !hasProxy())
        .ifPresent(
            proxy ->
                warnings.add(
                    "%s: the proxy %s:%d in %s wants a login, which is not passed on; set HTTPS_PROXY to its URL with the login: only the process outside of the sandbox sees it"
                        .formatted(proxy.tool(), proxy.host(), proxy.port(), proxy.source())));
    if (!hosts.isEmpty()) {
      var pem = CaCertificates.read(environment, certificates, warnings);
      if (!pem.isEmpty()) {
        files.put(CaCertificates.FILE, pem);
        variables.putAll(CaCertificates.ENVIRONMENT);
      }
    }
    return new BuildToolAccess(hosts, Map.copyOf(variables), files, proxies, warnings);
  }
}
