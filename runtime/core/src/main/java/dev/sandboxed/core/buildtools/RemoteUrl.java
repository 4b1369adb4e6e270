package dev.sandboxed.core.buildtools;

import java.net.IDN;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The address of a server as a build tool's configuration gives it, without the credentials in it.
 *
 * <p>What does not parse is dropped whole, as one cannot tell then which part of it is a password.
 */
final class RemoteUrl {
  /** What a sandbox calls the loopback of its host. */
  static final String HOST_OF_SANDBOX = "host.sandbox";

  private static final int MAX_LENGTH = 2_000;
  private static final int MAX_NAME = 253;
  private static final Pattern URL =
      Pattern.compile("(?i)(?:(?:sparse|registry|git)\\+)?(https?)://([^/?#\\\\]*)([^?#]*)(.*)");
  private static final Pattern AUTHORITY =
      Pattern.compile("(?:(.*)@)?(\\[[0-9A-Fa-f:.]+]|[^:@\\[\\]]+)(?::(\\d{1,5}))?");
  private static final Pattern LABEL = Pattern.compile("[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?");
  private static final Pattern IPV4 =
      Pattern.compile("(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?!$)|$)){4}");
  private static final Pattern LOOPBACK =
      Pattern.compile("(?:.*\\.)?localhost|127(?:\\.\\d+){3}|[0:]*:0*1|0\\.0\\.0\\.0|[0:]+");
  private static final Pattern PATH = Pattern.compile("[\\x21-\\x7e&&[^\"<>^`{|}\\\\]]*");

  /** Long, without anything that parts words, letters and digits mixed: no one names a path so. */
  private static final Pattern TOKEN =
      Pattern.compile("(?=(?:.*\\d){3})(?=(?:.*[A-Za-z]){3})[A-Za-z0-9_~=+%]{16,}");

  private final String scheme;
  private final String host;
  private final int port;
  private final String path;
  private final boolean credentials;
  private final boolean withheld;

  private RemoteUrl(
      String scheme, String host, int port, String path, boolean credentials, boolean withheld) {
    this.scheme = scheme;
    this.host = host;
    this.port = port;
    this.path = path;
    this.credentials = credentials;
    this.withheld = withheld;
  }

  /** Returns whether a text is meant for a URL of a server that is reached by HTTP. */
  static boolean isMeant(String text) {
    var lower = text.strip().toLowerCase(Locale.ROOT);
    return lower.startsWith("http:")
        || lower.startsWith("https:")
        || lower.startsWith("sparse+http")
        || lower.startsWith("registry+http")
        || lower.startsWith("git+http");
  }

  /** Reads an HTTP URL; empty if it is none. */
  static Optional<RemoteUrl> parse(String text) {
    var stripped = text.strip();
    var url = URL.matcher(stripped);
    if (stripped.length() > MAX_LENGTH || !url.matches()) {
      return Optional.empty();
    }
    var authority = AUTHORITY.matcher(url.group(2));
    var path = url.group(3);
    if (!authority.matches() || holdsUser(path) || !PATH.matcher(path).matches()) {
      return Optional.empty();
    }
    var scheme = url.group(1).toLowerCase(Locale.ROOT);
    var port = authority.group(3) == null ? defaultPort(scheme) : number(authority.group(3));
    var secretPath = holdsToken(path);
    var credentials = authority.group(1) != null || !url.group(4).isEmpty() || secretPath;
    return host(authority.group(2))
        .filter(host -> port >= 1 && port <= 65535)
        .map(host -> new RemoteUrl(scheme, host, port, path, credentials, secretPath));
  }

  /** Returns the same URL, known to hold a secret in its path. */
  RemoteUrl withholding() {
    return new RemoteUrl(scheme, host, port, path, true, true);
  }

  /** Returns the name or address; IPv6 without brackets. */
  String host() {
    return host;
  }

  int port() {
    return port;
  }

  String scheme() {
    return scheme;
  }

  /** Returns whether the URL had a user, a query or the look of a token in it. */
  boolean hadCredentials() {
    return credentials;
  }

  /** Returns whether the host is an address, not a name. */
  boolean isAddress() {
    return host.indexOf(':') >= 0 || IPV4.matcher(host).matches();
  }

  /** Returns the same URL as a sandbox has to write it: its own loopback is another than this. */
  RemoteUrl seenFromInside() {
    return isLoopback()
        ? new RemoteUrl(scheme, HOST_OF_SANDBOX, port, path, credentials, withheld)
        : this;
  }

  /** Returns whether a sandbox would look for the server within itself. */
  boolean isLoopback() {
    return LOOPBACK.matcher(host).matches();
  }

  /**
   * Returns the URL without user, query and fragment; empty if what remains seems to hold a secret.
   */
  Optional<String> clean() {
    return withheld ? Optional.empty() : Optional.of(base() + path);
  }

  /** Returns the URL without user, path, query and fragment. */
  private String base() {
    var authority = host.indexOf(':') < 0 ? host : "[" + host + "]";
    return scheme + "://" + authority + (port == defaultPort(scheme) ? "" : ":" + port);
  }

  /** Returns scheme, host and port: what may be printed of any URL. */
  @Override
  public String toString() {
    return base();
  }

  /** A slash in a password makes the rest of it, and the at sign, a part of the path. */
  private static boolean holdsUser(String path) {
    return path.matches("(?s).*[^/]@.*");
  }

  private static boolean holdsToken(String path) {
    for (var segment : path.split("[/.;,:-]")) {
      if (TOKEN.matcher(segment).matches()) {
        return true;
      }
    }
    return false;
  }

  /** Returns a name or an IPv4 address, or empty if it is none. */
  static Optional<String> nameOrAddress(String text) {
    return text.startsWith("[") ? Optional.empty() : host(text);
  }

  private static Optional<String> host(String text) {
    if (text.startsWith("[")) {
      var address = text.substring(1, text.length() - 1);
      return isIpv6(address) ? Optional.of(address.toLowerCase(Locale.ROOT)) : Optional.empty();
    }
    if (text.matches("[0-9.]+")) {
      return IPV4.matcher(text).matches() ? Optional.of(text) : Optional.empty();
    }
    return name(text);
  }

  /** Returns a name of hosts as it is looked up, or empty if it is none. */
  static Optional<String> name(String text) {
    String ascii;
    try {
      ascii = IDN.toASCII(text.endsWith(".") ? text.substring(0, text.length() - 1) : text);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    var name = ascii.toLowerCase(Locale.ROOT);
    if (name.isEmpty() || name.length() > MAX_NAME || name.matches("[0-9.]*")) {
      return Optional.empty();
    }
    for (var label : name.split("\\.", -1)) {
      if (!LABEL.matcher(label).matches()) {
        return Optional.empty();
      }
    }
    return Optional.of(name);
  }

  private static boolean isIpv6(String text) {
    if (text.indexOf(':') < 0 || text.indexOf('.') >= 0 || text.contains(":::")) {
      return false;
    }
    var compressed = text.indexOf("::");
    if (compressed != text.lastIndexOf("::")
        || (text.startsWith(":") && compressed != 0)
        || (text.endsWith(":") && compressed != text.length() - 2)) {
      return false;
    }
    var groups = 0;
    for (var group : text.split(":")) {
      if (group.length() > 4) {
        return false;
      }
      groups += group.isEmpty() ? 0 : 1;
    }
    return compressed < 0 ? groups == 8 : groups < 8;
  }

  private static int defaultPort(String scheme) {
    return scheme.equals("https") ? 443 : 80;
  }

  private static int number(String digits) {
    return Integer.parseInt(digits);
  }
}
