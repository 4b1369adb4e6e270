package dev.sandboxed.core.buildtools;

import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Asks Cargo for its registries, and these for the server that has the crates.
 *
 * <p>Cargo has no command that prints its configuration, so its file is read. Which registry is the
 * default, and what replaces it, Cargo says when it may not reach it. Where the crates are stands
 * in {@code config.json} of an index, which Cargo fetches, with the user's credentials,
 * certificates and proxy, into a home of its own that lives as long as the question.
 */
final class CargoReader implements ToolReader {
  /** Cargo looks for this above every project, and before its home. */
  static final String SETTINGS = "/.cargo/config.toml";

  private static final String DEFAULT = "crates-io";
  private static final Pattern FAILED =
      Pattern.compile("failed to (?:download from|fetch) `([^`\\s]+)`");
  private static final Pattern ASKED = Pattern.compile("([a-z0-9.-]+)-[0-9a-f]{16}");
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,64}");
  private static final long MAX_FILE = 1 << 20;

  /** No one listens here. */
  private static final String NOWHERE = "http://127.0.0.1:1";

  @Override
  public String tool() {
    return "Cargo";
  }

  @Override
  public Optional<ToolConfiguration> read(HostCommands tools)
      throws IOException, InterruptedException {
    var cargo = tools.environment().program("cargo");
    if (cargo.isEmpty()) {
      return Optional.empty();
    }
    try (var scratch = Scratch.create()) {
      return Optional.of(new Reading(tools, cargo.get(), scratch.path()).read());
    }
  }

  /** One reading of one Cargo. */
  private static final class Reading {
    private final HostCommands tools;
    private final Path cargo;
    private final Path scratch;
    private final Path home;
    private final ToolConfiguration.Builder builder = new ToolConfiguration.Builder("Cargo");

    Reading(HostCommands tools, Path cargo, Path scratch) {
      this.tools = tools;
      this.cargo = cargo;
      this.scratch = scratch;
      var environment = tools.environment();
      home =
          environment
              .path("CARGO_HOME")
              .orElse(environment.path("HOME").orElse(environment.home()).resolve(".cargo"));
    }

    ToolConfiguration read() throws IOException, InterruptedException {
      var file = configurationFile();
      var settings = file.isPresent() ? settings(file.get()) : CargoSettings.EMPTY;
      var source = file.map(Path::toString).orElse("Cargo's defaults");
      var passedOn = new CargoSettings.Writer();
      defaultRegistry(settings, source, passedOn);
      for (var registry : registries(settings, source).entrySet()) {
        registry(registry.getKey(), registry.getValue(), passedOn);
      }
      if (!passedOn.isEmpty()) {
        builder.file(SETTINGS, passedOn.text());
      }
      var environment = tools.environment();
      environment
          .variable("CARGO_HTTP_CAINFO")
          .or(settings::certificates)
          .filter(path -> path.startsWith("/"))
          .ifPresent(path -> builder.certificates(Path.of(path)));
      environment
          .variable("CARGO_HTTP_PROXY")
          .or(settings::proxy)
          .ifPresent(
              proxy ->
                  builder.proxy(
                      proxy,
                      List.of(),
                      environment.variable("CARGO_HTTP_PROXY").isPresent()
                          ? "CARGO_HTTP_PROXY"
                          : source));
      return builder.build();
    }

    private Optional<Path> configurationFile() {
      // The name without an ending is the older one, and wins.
      return List.of("config", "config.toml").stream()
          .map(home::resolve)
          .filter(Files::isRegularFile)
          .findFirst();
    }

    private CargoSettings settings(Path file) throws IOException {
      if (Files.size(file) > MAX_FILE) {
        throw new IOException(file + " is larger than a mebibyte, and not read");
      }
      return CargoSettings.parse(Files.readString(file), file);
    }

    /** Allows the registry of crates that name none: built in, or what replaces that. */
    private void defaultRegistry(
        CargoSettings settings, String source, CargoSettings.Writer passedOn)
        throws IOException, InterruptedException {
      var replacement = settings.replacement(DEFAULT);
      if (replacement.isPresent() && replacement.get().registry().isEmpty()) {
        // Crates come from a directory, and nothing is downloaded.
        return;
      }
      var project = project("default", null);
      var index =
          replacement.isPresent()
              ? replacement.get().registry().map(Index::of)
              : index(project).or(() -> indexAsked(project));
      if (index.isEmpty()) {
        builder.warn(
            "Cargo did not say which registry is its default; run \"cargo fetch\" to see what is"
                + " wrong, or allow the registry by name");
        return;
      }
      var from = replacement.isPresent() ? source : "Cargo's defaults";
      var clean =
          replacement.isPresent()
              ? builder.allow(index.get().url(), from)
              : builder.allowDefault(index.get().url(), from);
      if (replacement.isPresent() && clean.isPresent()) {
        var name = replacement.get().name();
        passedOn.replace(DEFAULT, name);
        if (!settings.registries().containsKey(name)) {
          passedOn.source(name, index.get().withPrefix(clean.get()));
        }
      }
      crates(project, index.get(), from);
    }

    private void registry(String name, Registry registry, CargoSettings.Writer passedOn)
        throws IOException, InterruptedException {
      var index = Index.of(registry.index());
      builder
          .allow(index.url(), registry.source())
          .ifPresent(clean -> passedOn.registry(name, index.withPrefix(clean)));
      crates(project(name, name), index, registry.source());
    }

    /** Returns the named registries of file and environment, by name. */
    private Map<String, Registry> registries(CargoSettings settings, String source) {
      var registries = new LinkedHashMap<String, Registry>();
      settings
          .registries()
          .forEach((name, index) -> registries.put(name, new Registry(index, source)));
      tools
          .environment()
          .variables()
          .forEach(
              (variable, value) -> {
                if (variable.startsWith("CARGO_REGISTRIES_") && variable.endsWith("_INDEX")) {
                  var upper =
                      variable.substring("CARGO_REGISTRIES_".length(), variable.length() - 6);
                  var name =
                      registries.keySet().stream()
                          .filter(n -> upper(n).equals(upper))
                          .findFirst()
                          .orElse(upper.toLowerCase(Locale.ROOT).replace('_', '-'));
                  registries.put(name, new Registry(value, variable));
                }
              });
      registries.keySet().removeIf(name -> name.equals(DEFAULT) || !NAME.matcher(name).matches());
      return registries;
    }

    /** Makes a project that needs a crate of a registry, one that no one has. */
    private Path project(String directory, @Nullable String registry) throws IOException {
      var project = Files.createDirectories(scratch.resolve(directory));
      var questionHome = Files.createDirectory(project.resolve("home"));
      for (var name : List.of("config", "config.toml", "credentials", "credentials.toml")) {
        if (Files.isRegularFile(home.resolve(name))) {
          // Linked, not copied: passwords stay in one place.
          Files.createSymbolicLink(questionHome.resolve(name), home.resolve(name));
        }
      }
      Files.createDirectory(project.resolve("src"));
      Files.writeString(project.resolve("src/lib.rs"), "");
      Files.writeString(
          project.resolve("Cargo.toml"),
          """
          [package]
          name = "question"
          version = "0.0.0"
          [workspace]
          [dependencies]
          askswherecratesare = { version = "*"%s }
          """
              .formatted(registry == null ? "" : ", registry = \"" + registry + "\""));
      return project;
    }

    /** Returns the index that Cargo would ask. */
    private Optional<Index> index(Path project) throws IOException, InterruptedException {
      var log =
          ask(project, Map.of("CARGO_HTTP_PROXY", NOWHERE, "NO_PROXY", "", "no_proxy", ""))
              .errors();
      var failed = FAILED.matcher(log);
      if (failed.find()) {
        return Optional.of(Index.ofFailure(failed.group(1)));
      }
      // Not every Cargo says so; then it has to ask.
      ask(project, Map.of());
      return Optional.empty();
    }

    /** Returns the index that Cargo did ask: it keeps what it got under the server's name. */
    private static Optional<Index> indexAsked(Path project) {
      var asked = project.resolve("home/registry/index").toFile().list();
      return List.of(asked == null ? new String[0] : asked).stream()
          .map(ASKED::matcher)
          .filter(Matcher::matches)
          .findFirst()
          .map(name -> new Index("https://" + name.group(1) + "/", true));
    }

    /** Allows the server that has the crates of an index. */
    private void crates(Path project, Index index, String source)
        throws IOException, InterruptedException {
      var shown = RemoteUrl.parse(index.url()).map(RemoteUrl::toString).orElse("a registry");
      if (!index.sparse()) {
        // To ask it means to download all of it.
        builder.warn(
            ("the registry at %s (%s) is a Git repository, and not asked where its crates are; if"
                    + " they are on another server, allow that by name")
                .formatted(shown, source));
        return;
      }
      ask(project, Map.of());
      var found = false;
      var indexes = project.resolve("home/registry/index");
      if (Files.isDirectory(indexes)) {
        try (var directories = Files.newDirectoryStream(indexes)) {
          for (var directory : directories) {
            var file = directory.resolve("config.json");
            found |= Files.isRegularFile(file) && allowCrates(file, shown);
          }
        }
      }
      if (!found) {
        builder.warn(
            ("the registry at %s (%s) could not be asked where its crates are; if they are on"
                    + " another server, allow that by name")
                .formatted(shown, source));
      }
    }

    private boolean allowCrates(Path file, String index) throws IOException {
      if (Files.size(file) > MAX_FILE) {
        return false;
      }
      try {
        var url = JsonObject.parse(ByteBuffer.wrap(Files.readAllBytes(file))).string("dl");
        // Marks such as {crate} come behind the server.
        url.ifPresent(u -> builder.allowLinked(u.split("\\{", 2)[0], "config.json of " + index));
        return url.isPresent();
      } catch (ProtocolException e) {
        return false;
      }
    }

    /** Makes Cargo look at an index; that it finds no crate there is as it should be. */
    private HostCommands.Output ask(Path project, Map<String, String> variables)
        throws IOException, InterruptedException {
      var all = new LinkedHashMap<>(variables);
      all.put("CARGO_HOME", project.resolve("home").toString());
      all.put("CARGO_NET_OFFLINE", "false");
      all.put("CARGO_NET_RETRY", "0");
      all.put("CARGO_HTTP_TIMEOUT", "5");
      all.put("CARGO_TERM_COLOR", "never");
      all.put("CARGO_TERM_PROGRESS_WHEN", "never");
      all.put("RUSTUP_AUTO_INSTALL", "0");
      return tools.run(List.of(cargo.toString(), "generate-lockfile"), project, all);
    }

    private static String upper(String name) {
      return name.toUpperCase(Locale.ROOT).replace('-', '_');
    }
  }

  private record Registry(String index, String source) {}

  /**
   * An index of crates.
   *
   * @param url without what Cargo puts in front
   * @param sparse whether it is asked crate by crate, and not a Git repository
   */
  private record Index(String url, boolean sparse) {
    private static final String PREFIX = "sparse+";
    private static final String FILE = "config.json";

    static Index of(String configured) {
      return configured.startsWith(PREFIX)
          ? new Index(configured.substring(PREFIX.length()), true)
          : new Index(configured, false);
    }

    /** Returns the index of a URL that could not be reached. */
    static Index ofFailure(String url) {
      return url.endsWith("/" + FILE)
          ? new Index(url.substring(0, url.length() - FILE.length()), true)
          : new Index(url, false);
    }

    String withPrefix(String clean) {
      return sparse ? PREFIX + clean : clean;
    }
  }
}
