package dev.sandboxed.core.buildtools;

import dev.sandboxed.NetworkPolicy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What apt is configured to download from: the servers of its lists of sources and its proxies.
 *
 * <p>The files come out of images and are hostile: whatever is malformed is left out, and what is
 * read is bounded. An immutable value.
 */
public final class AptSources {
  /** Where the files lie, on a host and in an image. */
  public static final String DIRECTORY = "/etc/apt";

  /** The most servers that are taken over. */
  static final int MAX_SERVERS = 64;

  /** The most files that are looked at. */
  public static final int MAX_FILES = 200;

  /** The most bytes of a file that are looked at. */
  public static final int MAX_BYTES = 256 << 10;

  private static final AptSources NONE = new AptSources(Map.of());
  private static final Pattern LINE =
      Pattern.compile("\\s*deb(?:-src)?\\s+(?:\\[[^\\]]*]\\s*)?(\\S+)\\s+\\S.*");
  private static final Pattern FIELD = Pattern.compile("([A-Za-z][A-Za-z0-9-]*)\\s*:(.*)");
  private static final Pattern MIRROR_LIST = Pattern.compile("(?i)mirror(\\+https?)?(://.*)");

  private final Map<String, ReachableHost> hosts;

  private AptSources(Map<String, ReachableHost> hosts) {
    this.hosts = hosts;
  }

  /** Returns no sources. */
  public static AptSources none() {
    return NONE;
  }

  /** Returns whether apt reads a file of this name, relative to {@link #DIRECTORY}. */
  public static boolean isRead(String name) {
    return name.equals("sources.list")
        || name.equals("apt.conf")
        || name.matches("sources\\.list\\.d/[A-Za-z0-9_.-]{1,200}\\.(list|sources)")
        || name.matches("apt\\.conf\\.d/[A-Za-z0-9_-]{1,200}(\\.conf)?");
  }

  /**
   * Reads the texts of apt's files.
   *
   * @param files by their names, relative to {@link #DIRECTORY}
   */
  public static AptSources of(Map<String, String> files) {
    var found = new LinkedHashMap<String, ReachableHost>();
    files.entrySet().stream()
        .filter(file -> isRead(file.getKey()))
        .limit(MAX_FILES)
        .forEach(
            file -> {
              var text = file.getValue();
              var bounded = text.length() > MAX_BYTES ? text.substring(0, MAX_BYTES) : text;
              for (var url : urls(file.getKey(), bounded)) {
                add(found, url, DIRECTORY + "/" + file.getKey());
              }
            });
    return new AptSources(found);
  }

  /**
   * Reads what the user's own apt is configured with.
   *
   * @param directory the directory of its configuration; nothing is found if it is missing
   */
  public static AptSources in(Path directory) {
    return of(files(directory));
  }

  /** Returns the texts of the files that apt reads, by their names relative to a directory. */
  static Map<String, String> files(Path directory) {
    var files = new LinkedHashMap<String, String>();
    for (var folder : List.of("", "sources.list.d", "apt.conf.d")) {
      var entries = directory.resolve(folder);
      if (!Files.isDirectory(entries)) {
        continue;
      }
      try (DirectoryStream<Path> listed = Files.newDirectoryStream(entries)) {
        for (var file : listed) {
          var name = (folder.isEmpty() ? "" : folder + "/") + file.getFileName();
          if (isRead(name) && Files.isRegularFile(file) && Files.size(file) <= MAX_BYTES) {
            files.put(name, Files.readString(file, StandardCharsets.ISO_8859_1));
          }
        }
      } catch (IOException e) {
        // What cannot be read is no configuration of this user.
      }
    }
    return files;
  }

  /** Returns the servers. */
  public Collection<ReachableHost> hosts() {
    return hosts.values();
  }

  /** Returns whether one of the servers is reached by TLS on its usual port. */
  public boolean usesTls() {
    return hosts.values().stream().anyMatch(host -> host.port() == 443);
  }

  /**
   * Returns the policy for sources that an image brings: the names of its servers, as far as these
   * are public. An address, a private one behind a name, and the host itself are reached only where
   * the user's own apt is configured with the same server.
   *
   * @param own what the user's own apt is configured with
   */
  public NetworkPolicy policy(AptSources own) {
    var open = new ArrayList<String>();
    var trusted = new ArrayList<String>();
    for (var host : hosts.values()) {
      if (own.hosts.containsKey(host.pattern())) {
        trusted.add(host.pattern());
      } else if (host.named()) {
        open.add(host.pattern());
      }
    }
    return NetworkPolicy.allow(open)
        .and(NetworkPolicy.allowPrivate(trusted.toArray(String[]::new)));
  }

  @Override
  public String toString() {
    return "AptSources" + hosts.values();
  }

  private static List<String> urls(String name, String text) {
    if (name.endsWith(".sources")) {
      return stanzas(text);
    }
    return name.endsWith(".list") ? lines(text) : AptConfiguration.proxies(text);
  }

  private static List<String> lines(String text) {
    var urls = new ArrayList<String>();
    for (var line : text.lines().toList()) {
      var source = LINE.matcher(line);
      if (source.matches()) {
        urls.add(source.group(1));
      }
    }
    return urls;
  }

  private static List<String> stanzas(String text) {
    var urls = new ArrayList<String>();
    var stanza = new ArrayList<String>();
    var field = "";
    var enabled = true;
    for (var line : (text + "\n\n").lines().toList()) {
      if (line.startsWith("#")) {
        continue;
      }
      if (line.isBlank()) {
        if (enabled) {
          urls.addAll(stanza);
        }
        stanza.clear();
        field = "";
        enabled = true;
        continue;
      }
      var value = line;
      var start = FIELD.matcher(line);
      if (start.matches()) {
        field = start.group(1).toLowerCase(Locale.ROOT);
        value = start.group(2);
      } else if (!Character.isWhitespace(line.charAt(0))) {
        field = "";
      }
      if (field.equals("uris")) {
        stanza.addAll(List.of(value.strip().split("\\s+")));
      } else if (field.equals("enabled")) {
        enabled = !value.strip().toLowerCase(Locale.ROOT).matches("no|false|without|off|disable|0");
      }
    }
    return urls;
  }

  private static void add(Map<String, ReachableHost> found, String url, String source) {
    var mirror = MIRROR_LIST.matcher(url);
    var http =
        mirror.matches()
            ? (mirror.group(1) == null ? "http" : mirror.group(1).substring(1)) + mirror.group(2)
            : url;
    RemoteUrl.parse(http)
        // Of a server inside the sandbox itself there is nothing to allow.
        .filter(server -> !server.isLoopback() && found.size() < MAX_SERVERS)
        .ifPresent(
            server -> {
              var isName =
                  !server.isAddress()
                      && !server.host().equals(RemoteUrl.HOST_OF_SANDBOX)
                      && server.host().indexOf('.') > 0;
              var host = new ReachableHost("apt", server.host(), server.port(), isName, source);
              found.putIfAbsent(host.pattern(), host);
            });
  }
}
