package dev.sandboxed.core.buildtools;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Asks pip for its indexes, and for the servers that these leave the files to.
 *
 * <p>An index may link to files elsewhere. Of the index that is built in, pip itself knows where;
 * for any other, pip is made to look at one project's page there, with the user's credentials,
 * certificates and proxy, and the servers of its links are allowed.
 */
final class PipReader implements ToolReader {
  private static final Pattern ENTRY = Pattern.compile("([^=']+)=(['\"].*['\"])");
  private static final Pattern HELP = Pattern.compile("(?s)--index-url.*?\\(default\\s+(\\S+?)\\)");
  private static final Pattern LINK = Pattern.compile("(https?://\\S+) \\(from ");
  private static final int MAX_LINKED = 16;

  /** Prints the index that is built in and the server of its files, one a line. */
  private static final String DEFAULTS =
      "from pip._internal.models.index import PyPI\n"
          + "print(PyPI.simple_url)\n"
          + "print(PyPI.file_storage_domain)\n";

  private static final Map<String, String> QUIET =
      Map.of(
          "PIP_DISABLE_PIP_VERSION_CHECK", "1",
          "PIP_NO_INPUT", "1",
          "PIP_NO_COLOR", "1",
          "PIP_RETRIES", "0",
          "PIP_DEFAULT_TIMEOUT", "5",
          "PIP_REQUIRE_VIRTUALENV", "0");

  @Override
  public String tool() {
    return "pip";
  }

  @Override
  public Optional<ToolConfiguration> read(HostCommands tools)
      throws IOException, InterruptedException {
    for (var pip : candidates(tools.environment())) {
      var configuration = tools.run(with(pip, "config", "list"), Path.of("/"), QUIET);
      if (configuration.succeeded()) {
        return Optional.of(new Reading(tools, pip, configuration.output()).read());
      }
    }
    return Optional.empty();
  }

  /** A Python without pip is common; so is one whose pip has another name. */
  private static List<List<String>> candidates(HostEnvironment environment) {
    var candidates = new ArrayList<List<String>>();
    environment
        .program("python3")
        .ifPresent(python -> candidates.add(List.of(python.toString(), "-m", "pip")));
    for (var name : List.of("pip3", "pip")) {
      environment.program(name).ifPresent(pip -> candidates.add(List.of(pip.toString())));
    }
    return candidates;
  }

  private static List<String> with(List<String> pip, String... arguments) {
    var command = new ArrayList<>(pip);
    command.addAll(List.of(arguments));
    return command;
  }

  /** Reads what {@code pip config list} prints: the strongest value of each key. */
  static Map<String, String> entries(String list) {
    var entries = new LinkedHashMap<String, String>();
    for (var line : list.lines().toList()) {
      var entry = ENTRY.matcher(line);
      if (entry.matches()) {
        PythonText.read(entry.group(2)).ifPresent(value -> entries.put(entry.group(1), value));
      }
    }
    return entries;
  }

  /** Returns the servers of the links that pip says to have found on index pages. */
  static List<String> links(String log) {
    var servers = new LinkedHashSet<String>();
    var matcher = LINK.matcher(log);
    while (matcher.find() && servers.size() < MAX_LINKED) {
      RemoteUrl.parse(matcher.group(1)).ifPresent(url -> servers.add(url.toString()));
    }
    return List.copyOf(servers);
  }

  /** One reading of one pip. */
  private static final class Reading {
    private final HostCommands tools;
    private final List<String> pip;
    private final Map<String, String> entries;
    private final ToolConfiguration.Builder builder = new ToolConfiguration.Builder("pip");
    private boolean usesHostOfSandbox;

    Reading(HostCommands tools, List<String> pip, String list) {
      this.tools = tools;
      this.pip = pip;
      entries = entries(list);
    }

    ToolConfiguration read() throws IOException, InterruptedException {
      var noIndex = option("no-index").filter(v -> v.value().matches("(?i)1|true|yes|on"));
      if (noIndex.isEmpty()) {
        indexes();
      } else {
        builder.environment("PIP_NO_INDEX", "1");
      }
      passOn("find-links", "PIP_FIND_LINKS");
      var trusted = new ArrayList<>(option("trusted-host").map(Reading::words).orElse(List.of()));
      if (usesHostOfSandbox) {
        // To pip outside it is localhost, which pip trusts in any case.
        trusted.add(RemoteUrl.HOST_OF_SANDBOX);
      }
      builder.environment("PIP_TRUSTED_HOST", String.join(" ", trusted));
      option("cert")
          .filter(o -> o.value().startsWith("/"))
          .ifPresent(o -> builder.certificates(Path.of(o.value())));
      option("proxy")
          .filter(o -> !o.value().isBlank())
          .ifPresent(o -> builder.proxy(o.value(), List.of(), o.source()));
      return builder.build();
    }

    private void indexes() throws IOException, InterruptedException {
      var index = option("index-url").or(() -> option("pypi-url"));
      if (index.isEmpty()) {
        builtIn();
      } else {
        allow(index.get().value(), index.get().source())
            .ifPresent(url -> builder.environment("PIP_INDEX_URL", url));
      }
      passOn("extra-index-url", "PIP_EXTRA_INDEX_URL");
      if (index.isPresent() || option("extra-index-url").isPresent()) {
        linked();
      }
    }

    /** Allows the URLs of an option that has several, and passes them on. */
    private void passOn(String option, String variable) {
      var found = option(option);
      if (found.isEmpty()) {
        return;
      }
      var clean = new ArrayList<String>();
      for (var url : words(found.get())) {
        if (RemoteUrl.isMeant(url)) {
          allow(url, found.get().source()).ifPresent(clean::add);
        }
      }
      builder.environment(variable, String.join(" ", clean));
    }

    private void builtIn() throws IOException, InterruptedException {
      if (pip.size() > 1) {
        var answer = tools.run(List.of(pip.get(0), "-c", DEFAULTS));
        var lines = answer.output().lines().toList();
        if (answer.succeeded() && lines.size() == 2) {
          builder.allowDefault(lines.get(0), "pip's defaults");
          builder.allowDefault("https://" + lines.get(1), "pip's defaults");
          return;
        }
      }
      var help = tools.run(with(pip, "download", "--help"), Path.of("/"), QUIET);
      var url = HELP.matcher(help.output());
      if (!url.find()) {
        builder.warn("pip does not say which index is built in; name one with PIP_INDEX_URL");
        return;
      }
      builder.allowDefault(url.group(1), "pip's defaults");
      linked();
    }

    private void linked() throws IOException, InterruptedException {
      var log = tools.run(with(pip, "-vv", "index", "versions", "pip"), Path.of("/"), QUIET);
      var servers = links(log.output() + "\n" + log.errors());
      for (var server : servers) {
        builder.allowLinked(server, "links on the pages of pip's index");
      }
      if (servers.isEmpty()) {
        builder.warn(
            "the index could not be asked where its files are; if they are on another server than"
                + " the index, allow that by name");
      }
    }

    private Optional<Option> option(String name) {
      for (var section : List.of(":env:", "install", "global")) {
        var value = entries.get(section + "." + name);
        if (value != null) {
          var source =
              section.equals(":env:")
                  ? "PIP_… variables"
                  : "pip config, %s.%s".formatted(section, name);
          return Optional.of(new Option(value, source));
        }
      }
      return Optional.empty();
    }

    /** Allows a URL that the configuration names, and returns it as it may be passed on. */
    private Optional<String> allow(String url, String source) {
      usesHostOfSandbox |= RemoteUrl.parse(url).filter(RemoteUrl::isLoopback).isPresent();
      return builder.allow(url, source);
    }

    private static List<String> words(Option option) {
      return List.of(option.value().strip().split("\\s+"));
    }
  }

  private record Option(String value, String source) {}
}
