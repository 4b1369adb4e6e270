package dev.sandboxed;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * One line of a {@link NetworkPolicy}: which destinations it speaks of.
 *
 * <p>An immutable value; the factories of {@link NetworkPolicy} make rules from patterns.
 */
public final class NetworkRule {

  /** The protocols that a rule can speak of. */
  public enum Protocol {
    /** Connections. */
    TCP,
    /** Datagrams. */
    UDP
  }

  /**
   * Ports from one to another, both included.
   *
   * @param first from 1 to 65535
   * @param last from {@code first} to 65535
   */
  public record PortRange(int first, int last) {
    /**
     * Checks the numbers.
     *
     * @throws InvalidSpecException if one is out of its bounds
     */
    public PortRange {
      SpecChecks.port(first);
      SpecChecks.port(last);
      if (last < first) {
        throw new InvalidSpecException(
            "The ports %d-%d run backwards; write %d-%d".formatted(first, last, last, first));
      }
    }

    /** Returns for example {@code 443} or {@code 8000-8100}. */
    @Override
    public String toString() {
      return first == last ? Integer.toString(first) : first + "-" + last;
    }
  }

  private final String text;
  private final Optional<String> domain;
  private final Optional<IpBlock> block;
  private final Optional<PortRange> ports;
  private final Set<Protocol> protocols;
  private final boolean privateAddresses;

  NetworkRule(
      String text,
      Optional<String> domain,
      Optional<IpBlock> block,
      Optional<PortRange> ports,
      Set<Protocol> protocols,
      boolean privateAddresses) {
    this.text = text;
    this.domain = domain;
    this.block = block;
    this.ports = ports;
    this.protocols = Collections.unmodifiableSet(EnumSet.copyOf(protocols));
    this.privateAddresses = privateAddresses;
  }

  /**
   * Returns the pattern that the rule was made from.
   *
   * @return for example {@code *.example.org:443}
   */
  public String text() {
    return text;
  }

  /**
   * Returns the name that the rule speaks of.
   *
   * @return in lower case, {@code *.} in front if it means the names below; empty if the rule is
   *     about addresses, or about every destination
   */
  public Optional<String> domain() {
    return domain;
  }

  /**
   * Returns the addresses that the rule speaks of.
   *
   * @return for example {@code 203.0.113.0/24}; empty if the rule is about names, or about every
   *     destination
   */
  public Optional<String> cidr() {
    return block.map(IpBlock::toString);
  }

  /**
   * Returns the ports that the rule speaks of.
   *
   * @return one range, or empty for every port
   */
  public List<PortRange> ports() {
    return ports.map(List::of).orElse(List.of());
  }

  /**
   * Returns the protocols that the rule speaks of.
   *
   * @return one or both
   */
  public Set<Protocol> protocols() {
    return protocols;
  }

  /**
   * Returns whether the rule opens the private addresses that its name resolves to.
   *
   * @return false for rules about addresses
   */
  public boolean allowsPrivateAddresses() {
    return privateAddresses;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NetworkRule that
        && domain.equals(that.domain)
        && block.equals(that.block)
        && ports.equals(that.ports)
        && protocols.equals(that.protocols)
        && privateAddresses == that.privateAddresses;
  }

  @Override
  public int hashCode() {
    return Objects.hash(domain, block, ports, protocols, privateAddresses);
  }

  /** Returns the pattern, and whether the rule opens private addresses. */
  @Override
  public String toString() {
    return privateAddresses ? text + " (private)" : text;
  }
}
