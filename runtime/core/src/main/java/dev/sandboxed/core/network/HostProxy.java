package dev.sandboxed.core.network;

import dev.sandboxed.core.binaries.Settings;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The HTTP proxy through which this host reaches the outside. Its URL may hold a password, which
 * {@code toString} masks: it is for the keeper alone, and never for the sandbox.
 *
 * @param url {@code http://host:port}, perhaps with a user and a password
 * @param noProxy the hosts to reach without it: names, {@code *.} in front for all names below,
 *     blocks of addresses, or {@code *} for all
 */
public record HostProxy(URI url, List<String> noProxy) {
  private static final int HTTP_PORT = 80;

  /** Checks and copies the values. */
  public HostProxy {
    Objects.requireNonNull(url, "url");
    noProxy = List.copyOf(noProxy);
  }

  /**
   * Finds the proxy that a user has set: by Java's properties {@code https.proxyHost} and {@code
   * http.proxyHost} with their ports and {@code http.nonProxyHosts}, or else by the environment
   * variables {@code HTTPS_PROXY}, {@code HTTP_PROXY} and {@code NO_PROXY}, in either case of
   * letters.
   *
   * <p>A value that names no HTTP proxy counts as none, as programs of the host take it too; {@link
   * #complaint} tells of it.
   */
  public static Optional<HostProxy> of(Settings settings) {
    return ofProperties(settings, "https")
        .or(() -> ofProperties(settings, "http"))
        .or(() -> ofEnvironment(settings));
  }

  /**
   * Says which setting names a proxy of another kind, such as SOCKS, that is not used, and what to
   * do; empty if there is none, or an HTTP proxy besides.
   */
  public static Optional<String> complaint(Settings settings) {
    if (of(settings).isPresent()) {
      return Optional.empty();
    }
    var property =
        settings.property("socksProxyHost").map(host -> "The Java property socksProxyHost");
    return property
        .or(
            () ->
                Stream.of("https_proxy", "http_proxy", "all_proxy")
                    .flatMap(name -> Stream.of(name, name.toUpperCase(Locale.ROOT)))
                    .filter(name -> settings.variable(name).isPresent())
                    .findFirst())
        .map(
            name ->
                ("%s does not name an HTTP proxy (http://host:port), the only kind that sandboxes"
                     + " use: what they reach is connected to directly. Set HTTPS_PROXY to one, or"
                     + " unset this to no longer be told")
                    .formatted(name));
  }

  /**
   * Returns a proxy that another program is configured with, without a login.
   *
   * @param host a name or an address; IPv6 without brackets
   * @param exceptions the hosts to reach without it, as Java or the environment has them
   */
  public static Optional<HostProxy> of(String host, int port, List<String> exceptions) {
    return url("http://%s:%d".formatted(host.indexOf(':') < 0 ? host : "[" + host + "]", port))
        .map(
            url ->
                new HostProxy(
                    url,
                    exceptions.stream()
                        .map(String::strip)
                        .filter(e -> !e.isEmpty())
                        .map(e -> e.startsWith(".") ? "*" + e : e)
                        .flatMap(HostProxy::ofJavaPattern)
                        .distinct()
                        .toList()));
  }

  /** Returns the members of the proxy's JSON object, with its password. */
  public Map<String, Object> message() {
    var message = new LinkedHashMap<String, Object>();
    message.put("url", url.toString());
    message.put("noProxy", noProxy);
    return message;
  }

  /** Shows the URL without its user and password. */
  @Override
  public String toString() {
    var user = url.getRawUserInfo() == null ? "" : "***@";
    return "http://%s%s:%d".formatted(user, url.getHost(), url.getPort());
  }

  private static Optional<HostProxy> ofProperties(Settings settings, String scheme) {
    return settings
        .property(scheme + ".proxyHost")
        .flatMap(
            host ->
                url(
                    "http://%s:%s"
                        .formatted(host, settings.property(scheme + ".proxyPort").orElse("80"))))
        .map(url -> new HostProxy(url, ofJava(settings.property("http.nonProxyHosts").orElse(""))));
  }

  private static Optional<HostProxy> ofEnvironment(Settings settings) {
    var exceptions = variable(settings, "no_proxy").orElse("");
    return variable(settings, "https_proxy")
        .or(() -> variable(settings, "http_proxy"))
        .map(text -> text.contains("://") ? text : "http://" + text)
        .flatMap(HostProxy::url)
        .map(
            url ->
                new HostProxy(
                    url,
                    split(exceptions, ",")
                        .map(e -> e.startsWith(".") ? "*" + e : e)
                        .distinct()
                        .toList()));
  }

  private static Optional<String> variable(Settings settings, String name) {
    return settings.variable(name).or(() -> settings.variable(name.toUpperCase(Locale.ROOT)));
  }

  /** Rewrites Java's list, whose * stands for anything at either end. */
  private static List<String> ofJava(String list) {
    return split(list, "\\|").flatMap(HostProxy::ofJavaPattern).distinct().toList();
  }

  private static Stream<String> ofJavaPattern(String pattern) {
    var text = pattern.replaceAll("^\\[(.*)]$", "$1");
    if (text.equals("*") || text.indexOf('*') < 0) {
      return Stream.of(text);
    }
    if (text.startsWith("*.") && text.indexOf('*', 1) < 0) {
      return Stream.of(text);
    }
    if (text.startsWith("*") && text.indexOf('*', 1) < 0) {
      // *example.org means the name itself and all that end so; below it is all that has a use.
      return Stream.of(text.substring(1), "*." + text.substring(1));
    }
    var numbers = text.split("\\.");
    var fixed = numbers.length - 1;
    if (numbers[fixed].equals("*")
        && fixed < 4
        && Arrays.stream(numbers).limit(fixed).allMatch(n -> n.matches("\\d{1,3}"))) {
      return Stream.of(
          String.join(".", Arrays.copyOf(numbers, fixed))
              + ".0".repeat(4 - fixed)
              + "/"
              + 8 * fixed);
    }
    return Stream.empty();
  }

  private static Stream<String> split(String list, String separator) {
    return Arrays.stream(list.split(separator)).map(String::strip).filter(e -> !e.isEmpty());
  }

  private static Optional<URI> url(String text) {
    try {
      var url = new URI(text);
      if (!"http".equalsIgnoreCase(url.getScheme()) || url.getHost() == null) {
        return Optional.empty();
      }
      var user = url.getRawUserInfo() == null ? "" : url.getRawUserInfo() + "@";
      var port = url.getPort() < 0 ? HTTP_PORT : url.getPort();
      return Optional.of(new URI("http://%s%s:%d".formatted(user, url.getHost(), port)));
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }
}
