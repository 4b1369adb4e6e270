package dev.sandboxed.core.buildtools;

import dev.sandboxed.NetworkPolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Where the packages of a suite of Debian come from: the host's own apt sources, or a mirror that
 * the user names. An immutable value without credentials.
 *
 * @param lines as sources.list(5) has them, as programs in a sandbox use them
 * @param options what the host's apt is configured with and apt inside needs too, as apt.conf(5)
 *     has it
 * @param servers what is to be reached, as patterns of rules
 */
public record DebianSources(List<String> lines, List<String> options, List<String> servers) {
  /** Where Debian keeps the keys that its archives are signed with; in an image of it too. */
  public static final Path KEYRING = Path.of("/usr/share/keyrings/debian-archive-keyring.gpg");

  /** The setting that names a mirror. */
  public static final String MIRROR = "sandboxed.debian.mirror";

  private static final Pattern PART = Pattern.compile("(.+?)(-updates|-security)?");
  private static final Pattern COMPONENT = Pattern.compile("[a-z][a-z-]*");
  private static final Pattern NAMES =
      Pattern.compile("acquire::(check-valid-until|check-date|https?::proxy(::[a-z0-9.:-]+)?)");
  private static final Pattern SWITCH = Pattern.compile("(?i)yes|no|true|false|on|off|0|1");

  /** Suites that nothing is added to: what is new is there at once. */
  private static final Set<String> ROLLING = Set.of("sid", "unstable", "experimental");

  /** Copies the lists. */
  public DebianSources {
    lines = List.copyOf(lines);
    options = List.copyOf(options);
    servers = List.copyOf(servers);
  }

  /**
   * Returns the sources of a suite at a mirror.
   *
   * @param mirror the URL of Debian's main archive there
   * @param apt the directory of the host's apt configuration
   * @throws IOException if the URL is none; the message says what to do
   */
  public static DebianSources at(String mirror, String suite, Path apt) throws IOException {
    var found = new Collector();
    found.options(AptSources.files(apt));
    found.source(mirror, suite, List.of("main"), "The setting " + MIRROR);
    return found.build();
  }

  /**
   * Returns the sources of a suite as the host's apt has them. Where it has only those of the
   * host's own Debian, the same servers are asked for the suite.
   *
   * @param apt the directory of the host's apt configuration
   * @param own the suite that the host itself is; empty if it is not Debian
   * @throws IOException if there are none; the message says what to do
   */
  public static DebianSources ofHost(Path apt, Optional<String> own, String suite)
      throws IOException {
    var files = new TreeMap<>(AptSources.files(apt));
    var found = new Collector();
    found.options(files);
    for (var like : like(own, suite)) {
      for (var file : files.entrySet()) {
        if (!file.getKey().contains("apt.conf")) {
          for (var entry : AptEntry.parse(file.getKey(), file.getValue())) {
            found.entry(entry, like, suite, apt.resolve(file.getKey()).toString());
          }
        }
      }
      if (!found.lines.isEmpty()) {
        return found.build();
      }
    }
    throw new IOException(
        ("the apt sources of this host in %s have no archive of Debian with %s. Name a mirror by"
                + " the setting %s, such as -D%s=http://<host>/debian")
            .formatted(apt, suite, MIRROR, MIRROR));
  }

  private static List<String> like(Optional<String> own, String suite) {
    return own.filter(name -> !name.equals(suite))
        .map(name -> List.of(suite, name))
        .orElse(List.of(suite));
  }

  /** Returns whether an archive is reached by TLS. */
  public boolean usesTls() {
    return lines.stream().anyMatch(line -> line.contains(" https://"));
  }

  /** Returns the policy that lets programs reach these sources and nothing else. */
  public NetworkPolicy policy() {
    return NetworkPolicy.allowPrivate(servers.toArray(String[]::new));
  }

  /** Collects sources. Not thread-safe. */
  private static final class Collector {
    private final Set<String> lines = new LinkedHashSet<>();
    private final Map<String, String> options = new LinkedHashMap<>();
    private final Set<String> servers = new LinkedHashSet<>();

    /** Takes an entry if it is one of Debian's archives, and has what is wanted or its like. */
    void entry(AptEntry entry, String like, String suite, String source) throws IOException {
      var part = PART.matcher(entry.suite());
      if (!part.matches()
          || !part.group(1).equals(like)
          || !entry.components().contains("main")
          || !isDebian(entry)
          || !RemoteUrl.isMeant(entry.uri())
          || (part.group(2) != null && ROLLING.contains(suite))) {
        return;
      }
      source(
          entry.uri(),
          suite + (part.group(2) == null ? "" : part.group(2)),
          entry.components(),
          source);
    }

    /** Others name a suite of Debian's too, and sign with keys of their own. */
    private static boolean isDebian(AptEntry entry) {
      return entry
          .option("signed-by")
          .map(key -> key.contains("/debian-archive-") && !key.contains("\n"))
          .orElse(true);
    }

    void source(String uri, String suite, List<String> components, String source)
        throws IOException {
      var url =
          RemoteUrl.parse(uri)
              .map(RemoteUrl::seenFromInside)
              .orElseThrow(
                  () ->
                      new IOException(
                          "%s has a URL that is none of a server; write http://<host>/debian"
                              .formatted(source)));
      if (url.hadCredentials()) {
        throw new IOException(
            ("the URL of %s in %s carries what may be credentials, which are not passed into"
                    + " sandboxes. Name a mirror without by the setting %s")
                .formatted(url, source, MIRROR));
      }
      lines.add(
          "deb [signed-by=%s] %s %s %s"
              .formatted(
                  KEYRING,
                  url.clean().orElseThrow(),
                  suite,
                  String.join(
                      " ",
                      components.stream().filter(c -> COMPONENT.matcher(c).matches()).toList())));
      servers.add(pattern(url));
    }

    void options(Map<String, String> files) {
      for (var file : new TreeMap<>(files).entrySet()) {
        if (file.getKey().contains("apt.conf")) {
          for (var setting : AptConfiguration.settings(file.getValue(), NAMES)) {
            option(setting.name(), setting.value());
          }
        }
      }
    }

    private void option(String name, String value) {
      if (!name.contains("proxy")) {
        if (SWITCH.matcher(value).matches()) {
          options.put(name, value.toLowerCase(Locale.ROOT));
        }
      } else if (value.equalsIgnoreCase("DIRECT")) {
        options.put(name, "DIRECT");
      } else {
        // The user's login is not for programs inside: they go without this proxy then.
        RemoteUrl.parse(value)
            .map(RemoteUrl::seenFromInside)
            .filter(proxy -> !proxy.hadCredentials())
            .ifPresent(
                proxy -> {
                  options.put(name, proxy.toString());
                  servers.add(pattern(proxy));
                });
      }
    }

    private static String pattern(RemoteUrl url) {
      var host = url.host().indexOf(':') < 0 ? url.host() : "[" + url.host() + "]";
      return host + ":" + url.port();
    }

    DebianSources build() {
      var texts = new ArrayList<String>();
      options.forEach((name, value) -> texts.add("%s \"%s\";".formatted(name, value)));
      return new DebianSources(List.copyOf(lines), texts, List.copyOf(servers));
    }
  }
}
