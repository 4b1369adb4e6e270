package dev.sandboxed;

import java.net.InetSocketAddress;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a sandbox has of a network: an immutable value, checked when it is made.
 *
 * @param policy which destinations outside it may reach. Empty: it has no network device beyond its
 *     own loopback, and can be given none later. {@link NetworkPolicy#none} closes it too, and can
 *     be replaced while the sandbox runs
 * @param ports the ports inside that have a tunnel from the start, and that sandboxes of the same
 *     network reach; 64 at most
 * @param dns the servers that look names up, instead of the host's own; 8 at most
 * @param networks the networks it is part of, with its name in each; 16 at most
 */
public record NetworkSpec(
    Optional<NetworkPolicy> policy,
    List<Integer> ports,
    List<InetSocketAddress> dns,
    Map<SandboxNetwork, String> networks) {

  /** The most ports that a spec may declare, and tunnels that a sandbox may have. */
  public static final int MAX_PORTS = 64;

  private static final int MAX_DNS = 8;
  private static final int MAX_NETWORKS = 16;
  private static final NetworkSpec CLOSED =
      new NetworkSpec(Optional.empty(), List.of(), List.of(), Map.of());

  /**
   * Checks and copies the values.
   *
   * @throws InvalidSpecException if one is out of its bounds
   */
  public NetworkSpec {
    ports = List.copyOf(new LinkedHashSet<>(ports));
    dns = List.copyOf(new LinkedHashSet<>(dns));
    networks = Collections.unmodifiableMap(new LinkedHashMap<>(networks));
    ports.forEach(SpecChecks::port);
    SpecChecks.atMost("ports", ports.size(), MAX_PORTS);
    SpecChecks.atMost("DNS servers", dns.size(), MAX_DNS);
    SpecChecks.atMost("networks", networks.size(), MAX_NETWORKS);
    dns.forEach(SpecChecks::dns);
    networks.values().forEach(SpecChecks::memberName);
    if (!dns.isEmpty() && policy.isEmpty()) {
      throw new InvalidSpecException(
          "The DNS servers %s are given to a sandbox without a network; add network(...) with a policy, or leave them out"
              .formatted(dns));
    }
  }

  /**
   * Returns what a sandbox has unless its spec says otherwise: nothing but its own loopback.
   *
   * @return the value
   */
  public static NetworkSpec closed() {
    return CLOSED;
  }
}
