package dev.sandboxed.core.buildtools;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Asks Yarn, of either kind, for its registries, and Corepack for where it would have Yarn from.
 *
 * <p>Corepack has no command that says so, but names the server when it is not allowed to reach it:
 * for the first kind of Yarn that is also the registry that Yarn has built in.
 */
final class YarnReader implements ToolReader {
  private static final String DEFAULTS = "Yarn's defaults";

  /** A kind of Yarn each; Corepack has them from different servers. */
  private static final List<String> VERSIONS = List.of("yarn@1.22.22", "yarn@4.5.0");

  private static final Pattern OUT_OF_REACH =
      Pattern.compile("can't reach (?:npm repository )?(https?://\\S{1,500})");

  /** Yarn may be a Corepack that has none yet; and no question is worth a download. */
  private static final Map<String, String> QUIET =
      Map.of(
          "COREPACK_ENABLE_NETWORK", "0",
          "COREPACK_ENABLE_DOWNLOAD_PROMPT", "0",
          "COREPACK_ENABLE_AUTO_PIN", "0",
          "YARN_ENABLE_TELEMETRY", "0");

  @Override
  public String tool() {
    return "Yarn";
  }

  @Override
  public Optional<ToolConfiguration> read(HostCommands tools)
      throws IOException, InterruptedException {
    var yarn = tools.environment().program("yarn");
    var corepack = tools.environment().program("corepack");
    if (yarn.isEmpty() && corepack.isEmpty()) {
      return Optional.empty();
    }
    var builder = new ToolConfiguration.Builder("Yarn");
    var answered = yarn.isPresent() && askYarn(tools, yarn.get(), builder);
    if (corepack.isPresent()) {
      askCorepack(tools, corepack.get(), builder);
    } else if (!answered) {
      throw new IOException("\"yarn --version\" fails; run it to see why");
    }
    return Optional.of(builder.build());
  }

  private static boolean askYarn(HostCommands tools, Path yarn, ToolConfiguration.Builder builder)
      throws IOException, InterruptedException {
    var version = run(tools, yarn, "--version");
    if (!version.succeeded()) {
      return false;
    }
    var settings =
        version.output().startsWith("1.")
            ? YarnSettings.ofClassic(
                line(run(tools, yarn, "config", "get", "registry")),
                line(run(tools, yarn, "--no-default-rc", "config", "get", "registry")),
                setByVariable(tools.environment()))
            : YarnSettings.ofBerry(
                run(tools, yarn, "config", "--json").output(),
                run(tools, yarn, "config", "get", "npmScopes", "--json").output());
    if (settings.registry().isEmpty()) {
      builder.warn(
          "Yarn did not say what its registry is; run \"yarn config\" to see what is wrong, or"
              + " allow the registry by name");
    }
    allow(settings, builder);
    return true;
  }

  private static void allow(YarnSettings settings, ToolConfiguration.Builder builder) {
    var source = "Yarn's configuration";
    var passedOn = new LinkedHashMap<String, String>();
    settings
        .registry()
        .flatMap(
            url ->
                settings.named() ? builder.allow(url, source) : builder.allowDefault(url, DEFAULTS))
        .filter(clean -> settings.named())
        .ifPresent(clean -> passedOn.put("", clean));
    settings
        .scopes()
        .forEach(
            (scope, url) ->
                builder.allow(url, source).ifPresent(clean -> passedOn.put(scope, clean)));
    if (!passedOn.isEmpty()) {
      builder.file(settings.file(), settings.text(passedOn));
    }
  }

  private static Optional<String> setByVariable(HostEnvironment environment) {
    return List.of("YARN_REGISTRY", "yarn_registry", "NPM_CONFIG_REGISTRY", "npm_config_registry")
        .stream()
        .filter(name -> environment.variable(name).isPresent())
        .findFirst();
  }

  /** Has Corepack say where it would download Yarn from. */
  private static void askCorepack(
      HostCommands tools, Path corepack, ToolConfiguration.Builder builder)
      throws IOException, InterruptedException {
    var registry = "COREPACK_NPM_REGISTRY";
    var named = tools.environment().variable(registry);
    named
        .flatMap(url -> builder.allow(url, registry))
        .ifPresent(clean -> builder.environment(registry, clean));
    try (var scratch = Scratch.create()) {
      var variables = new LinkedHashMap<>(QUIET);
      // An empty home: what is there already would not be asked for.
      variables.put("COREPACK_HOME", scratch.path().toString());
      for (var version : VERSIONS) {
        var answer =
            tools.run(List.of(corepack.toString(), version, "--version"), Path.of("/"), variables);
        var server = OUT_OF_REACH.matcher(answer.errors() + answer.output());
        if (named.isEmpty() && server.find()) {
          builder.allowDefault(server.group(1), "Corepack's defaults");
        }
      }
    }
  }

  private static HostCommands.Output run(HostCommands tools, Path yarn, String... arguments)
      throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(yarn.toString());
    command.addAll(List.of(arguments));
    return tools.run(command, Path.of("/"), QUIET);
  }

  private static String line(HostCommands.Output answer) {
    return answer.succeeded() ? answer.output().strip() : "";
  }
}
