package dev.sandboxed.core.buildtools;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the configuration of one tool says, without credentials.
 *
 * @param tool the tool's name, for people
 * @param hosts what it downloads from
 * @param environment variables that tell the tool inside the same
 * @param files texts that do, by absolute path inside
 * @param certificates files of certificates that the tool trusts
 * @param proxies HTTP proxies that the tool uses
 * @param warnings what could not be read or passed on, and what to do about it
 */
record ToolConfiguration(
    String tool,
    List<ReachableHost> hosts,
    Map<String, String> environment,
    Map<String, String> files,
    List<Path> certificates,
    List<ToolProxy> proxies,
    List<String> warnings) {

  ToolConfiguration {
    hosts = List.copyOf(hosts);
    environment = Map.copyOf(environment);
    files = Map.copyOf(files);
    certificates = List.copyOf(certificates);
    proxies = List.copyOf(proxies);
    warnings = List.copyOf(new LinkedHashSet<>(warnings));
  }

  /** Collects what a tool says. Not thread-safe. */
  static final class Builder {
    private final String tool;
    private final Map<String, ReachableHost> hosts = new LinkedHashMap<>();
    private final Map<String, String> environment = new LinkedHashMap<>();
    private final Map<String, String> files = new LinkedHashMap<>();
    private final List<Path> certificates = new ArrayList<>();
    private final List<ToolProxy> proxies = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

    Builder(String tool) {
      this.tool = tool;
    }

    /**
     * Allows the server of a URL that the user's configuration names.
     *
     * @param source what names it, for people
     * @return the URL as it may be passed on; empty where it may not, or is none of a server
     */
    Optional<String> allow(String url, String source) {
      return allow(url, false, true, source);
    }

    /** Allows the server of a URL that the tool has built in. */
    Optional<String> allowDefault(String url, String source) {
      return allow(url, false, false, source);
    }

    /**
     * Allows the server of a URL that the user's configuration names.
     *
     * @param secretPath whether the path is known to hold a secret
     */
    Optional<String> allow(String url, boolean secretPath, String source) {
      return allow(url, secretPath, true, source);
    }

    private Optional<String> allow(String url, boolean secretPath, boolean named, String source) {
      var parsed = RemoteUrl.parse(url).map(u -> secretPath ? u.withholding() : u);
      if (parsed.isEmpty()) {
        if (RemoteUrl.isMeant(url) || url.contains("${")) {
          warn(
              "a URL in %s is not understood, and so not allowed; correct it there"
                  .formatted(source));
        }
        return Optional.empty();
      }
      var found = parsed.get().seenFromInside();
      add(new ReachableHost(tool, found.host(), found.port(), named, source));
      if (found.hadCredentials()) {
        warn(
            ("the URL of %s in %s carries what may be credentials, which are not passed in; if the"
                    + " server demands them, give the tool inside some of its own as a secret")
                .formatted(found, source));
      }
      return found.clean();
    }

    /**
     * Allows the server of a URL that a server named, not the user. Addresses are left out: a rule
     * for one would open it wherever it is.
     */
    void allowLinked(String url, String source) {
      RemoteUrl.parse(url)
          .filter(found -> !found.isAddress() && !found.isLoopback())
          .ifPresent(
              found -> add(new ReachableHost(tool, found.host(), found.port(), false, source)));
    }

    /** Allows a name, or the names below one, that the user's configuration names. */
    void allowName(String name, int port, String source) {
      add(new ReachableHost(tool, name, port, true, source));
    }

    void environment(String name, String value) {
      if (!value.isBlank()) {
        environment.put(name, value);
      }
    }

    void file(String path, String text) {
      files.put(path, text);
    }

    void certificates(Path file) {
      certificates.add(file);
    }

    /** Notes a proxy that is given as a URL. */
    void proxy(String url, List<String> exceptions, String source) {
      var text = url.contains("://") ? url : "http://" + url;
      var parsed = RemoteUrl.parse(text);
      if (parsed.isEmpty()) {
        warn("the proxy in %s is not an HTTP URL; set HTTPS_PROXY for sandboxes".formatted(source));
        return;
      }
      proxies.add(
          new ToolProxy(
              tool,
              parsed.get().host(),
              parsed.get().port(),
              parsed.get().hadCredentials(),
              exceptions,
              source));
    }

    void proxy(ToolProxy proxy) {
      proxies.add(proxy);
    }

    /** Adds a warning; what is put into it must not be secret. */
    void warn(String text) {
      warnings.add(tool + ": " + text);
    }

    ToolConfiguration build() {
      return new ToolConfiguration(
          tool, List.copyOf(hosts.values()), environment, files, certificates, proxies, warnings);
    }

    private void add(ReachableHost host) {
      hosts.merge(host.pattern(), host, (old, also) -> old.named() ? old : also);
    }
  }
}
