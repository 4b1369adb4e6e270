package dev.sandboxed.core.buildtools;

import dev.sandboxed.core.buildtools.MavenSettings.Mirror;
import dev.sandboxed.core.buildtools.MavenSettings.Profile;
import dev.sandboxed.core.buildtools.MavenSettings.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads what Maven downloads from: the repositories that it has built in, those of active profiles,
 * and the mirrors of both.
 */
final class MavenReader implements ToolReader {
  /** Where the settings lie inside: where Maven looks for them. */
  static final String SETTINGS = "/root/.m2/settings.xml";

  private static final Pattern VARIABLE = Pattern.compile("\\$\\{([^}]*)}");

  @Override
  public String tool() {
    return "Maven";
  }

  @Override
  public Optional<ToolConfiguration> read(HostCommands tools)
      throws IOException, InterruptedException {
    var found = MavenInstallation.find(tools);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    var maven = found.get();
    var environment = tools.environment();
    var arguments = MavenArguments.of(environment);
    var user = arguments.userSettings().orElse(environment.home().resolve(".m2/settings.xml"));
    var global = arguments.globalSettings().orElse(maven.settings());
    var settings = MavenSettings.read(user).over(MavenSettings.read(global));
    var changed = settings.interpolated(text -> interpolate(text, environment));
    return Optional.of(read(settings, changed, maven.builtIn(), arguments));
  }

  private static ToolConfiguration read(
      MavenSettings written, MavenSettings settings, Profile builtIn, MavenArguments arguments) {
    var builder = new ToolConfiguration.Builder("Maven");
    Stream.of(arguments.userSettings(), arguments.globalSettings())
        .flatMap(Optional::stream)
        .filter(file -> !Files.isRegularFile(file))
        .forEach(
            file ->
                builder.warn(
                    "there is no file %s, which its arguments name; the settings in it do not count"
                        .formatted(file)));
    var profiles = settings.active(arguments.activeProfiles());
    for (var profile : settings.profiles().values()) {
      if (profile.conditional()
          && !profiles.contains(profile)
          && !(profile.repositories().isEmpty() && profile.pluginRepositories().isEmpty())) {
        builder.warn(
            ("the profile %s is active under conditions, which are not looked at, so its"
                 + " repositories are not allowed; name it among the activeProfiles, or allow them"
                 + " by name")
                .formatted(profile.id()));
      }
    }
    var secrets = secretPaths(written, settings);
    var output = new MavenSettingsWriter();
    for (var mirror : settings.mirrors()) {
      var url =
          mirror.blocked()
              ? Optional.of(mirror.url())
              : builder.allow(mirror.url(), secrets.contains(mirror.url()), mirror.source());
      url.ifPresent(clean -> output.mirror(mirror, clean));
    }
    var mirrors = new MirrorSelector(settings.mirrors());
    repositories(profiles, builtIn, false, mirrors, secrets, builder, output);
    repositories(profiles, builtIn, true, mirrors, secrets, builder, output);
    settings.proxies().forEach(builder::proxy);
    if (!output.isEmpty()) {
      builder.file(SETTINGS, output.text());
    }
    return builder.build();
  }

  /** Allows repositories that no mirror stands in for. */
  private static void repositories(
      List<Profile> profiles,
      Profile builtIn,
      boolean plugins,
      MirrorSelector mirrors,
      Set<String> secrets,
      ToolConfiguration.Builder builder,
      MavenSettingsWriter output) {
    var ids = new LinkedHashSet<String>();
    for (var profile : profiles) {
      for (var repository : of(profile, plugins)) {
        ids.add(repository.id());
        var secret = secrets.contains(repository.url());
        var clean =
            mirrors.select(repository).isPresent()
                ? RemoteUrl.parse(repository.url())
                    .map(url -> (secret ? url.withholding() : url).seenFromInside())
                    .flatMap(RemoteUrl::clean)
                : builder.allow(repository.url(), secret, repository.source());
        clean.ifPresent(
            url -> {
              output.repository(repository, url, plugins);
              if (url.startsWith("http://" + RemoteUrl.HOST_OF_SANDBOX)) {
                // What keeps Maven from plain HTTP lets pass localhost, but not this name; and a
                // mirror.
                output.mirror(
                    new Mirror(repository.id() + "-host", repository.id(), url, false, "host"),
                    url);
              }
            });
      }
    }
    for (var repository : of(builtIn, plugins)) {
      // A profile's repository of the same id takes its place.
      if (!ids.contains(repository.id()) && mirrors.select(repository).isEmpty()) {
        builder.allowDefault(repository.url(), repository.source());
      }
    }
  }

  private static List<Repository> of(Profile profile, boolean plugins) {
    return plugins ? profile.pluginRepositories() : profile.repositories();
  }

  /** Returns the URLs whose paths come from a variable: tokens are put in so. */
  private static Set<String> secretPaths(MavenSettings written, MavenSettings settings) {
    var before = urls(written);
    var after = urls(settings);
    var secrets = new LinkedHashSet<String>();
    for (var i = 0; i < before.size(); i++) {
      var url = before.get(i);
      var path = url.indexOf('/', Math.max(0, url.indexOf("://")) + 3);
      if (path >= 0 && url.indexOf("${", path) >= 0) {
        secrets.add(after.get(i));
      }
    }
    return secrets;
  }

  private static List<String> urls(MavenSettings settings) {
    var urls = new ArrayList<>(settings.mirrors().stream().map(Mirror::url).toList());
    for (var profile : settings.profiles().values()) {
      profile.repositories().forEach(repository -> urls.add(repository.url()));
      profile.pluginRepositories().forEach(repository -> urls.add(repository.url()));
    }
    return urls;
  }

  /** Puts in variables as Maven does; what it does not know stays. */
  private static String interpolate(String text, HostEnvironment environment) {
    return VARIABLE
        .matcher(text)
        .replaceAll(
            match -> {
              var name = match.group(1);
              var value =
                  name.startsWith("env.")
                      ? environment.variables().get(name.substring(4))
                      : name.equals("user.home") ? environment.home().toString() : null;
              return Matcher.quoteReplacement(value == null ? match.group() : value);
            });
  }

  /**
   * What Maven is told when it is started: by {@code MAVEN_ARGS}, and on the command line of the
   * Maven that started this process, if one did, which its own script hands on.
   *
   * @param activeProfiles the ids of profiles
   */
  private record MavenArguments(
      Optional<Path> userSettings, Optional<Path> globalSettings, Set<String> activeProfiles) {

    static MavenArguments of(HostEnvironment environment) {
      Optional<Path> user = Optional.empty();
      Optional<Path> global = Optional.empty();
      var profiles = new LinkedHashSet<String>();
      var words =
          Stream.of("MAVEN_ARGS", "MAVEN_CMD_LINE_ARGS")
              .flatMap(name -> environment.variable(name).stream())
              .flatMap(text -> Stream.of(text.strip().replace("=", " ").split("\\s+")))
              .toList();
      // Where the user has started Maven, and not where this process happens to be.
      var directory = environment.path("PWD").orElse(Path.of("").toAbsolutePath());
      for (var i = 0; i + 1 < words.size(); i++) {
        var value = words.get(i + 1);
        switch (words.get(i)) {
          case "-s", "--settings" -> user = Optional.of(directory.resolve(value));
          case "-gs", "--global-settings" -> global = Optional.of(directory.resolve(value));
          case "-P", "--activate-profiles" -> profiles.addAll(List.of(value.split(",")));
          default -> {}
        }
      }
      return new MavenArguments(user, global, profiles);
    }
  }
}
