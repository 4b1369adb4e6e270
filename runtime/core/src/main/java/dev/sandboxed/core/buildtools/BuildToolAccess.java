package dev.sandboxed.core.buildtools;

import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.core.network.HostProxy;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the host's build tools download from, and what tells the tools in a sandbox to do the same.
 * An immutable value without credentials.
 *
 * @param hosts the destinations
 * @param environment variables for every process inside
 * @param files texts, by absolute path inside
 * @param proxies HTTP proxies that tools are configured with
 * @param warnings what could not be read or passed on, and what to do about it
 */
public record BuildToolAccess(
    List<ReachableHost> hosts,
    Map<String, String> environment,
    Map<String, String> files,
    List<ToolProxy> proxies,
    List<String> warnings) {

  /** Copies lists and maps. */
  public BuildToolAccess {
    hosts = List.copyOf(hosts);
    environment = Map.copyOf(environment);
    files = Map.copyOf(files);
    proxies = List.copyOf(proxies);
    warnings = List.copyOf(warnings);
  }

  /**
   * Returns the policy that allows these destinations and nothing else.
   *
   * <p>Names that the user's configuration has may lie in a private network, as a company's mirror
   * does; names that are built into a tool or that a server gave may not.
   */
  public NetworkPolicy policy() {
    var named = patterns(true).toArray(String[]::new);
    return NetworkPolicy.allowPrivate(named).and(NetworkPolicy.allow(patterns(false)));
  }

  /** Returns the HTTP proxy that the first of the tools with one is configured with. */
  public Optional<HostProxy> proxy() {
    return proxies.stream()
        .findFirst()
        .flatMap(proxy -> HostProxy.of(proxy.host(), proxy.port(), proxy.exceptions()));
  }

  private List<String> patterns(boolean named) {
    return hosts.stream()
        .filter(host -> host.named() == named)
        .map(ReachableHost::pattern)
        .distinct()
        .toList();
  }
}
