package dev.sandboxed;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * Which destinations outside a sandbox may reach: nothing, unless a rule allows it.
 *
 * <p>An immutable value. Policies are made from patterns and joined with {@link #and}:
 *
 * <pre>{@code
 * var policy =
 *     NetworkPolicy.allow("*.example.org", "api.example.com:443", "203.0.113.0/24")
 *         .and(NetworkPolicy.deny("admin.example.org"));
 * }</pre>
 *
 * <table>
 * <caption>Patterns</caption>
 * <tr><th>pattern</th><th>means</th></tr>
 * <tr><td>{@code example.org}</td><td>this name, every port</td></tr>
 * <tr><td>{@code *.example.org}</td><td>every name below it, at any depth, and not itself</td></tr>
 * <tr><td>{@code example.org:443}</td><td>this port</td></tr>
 * <tr><td>{@code example.org:8000-8100}</td><td>these ports</td></tr>
 * <tr><td>{@code 203.0.113.0/24}, {@code 203.0.113.7:443}</td><td>addresses</td></tr>
 * <tr><td>{@code 2001:db8::/32}, {@code [2001:db8::1]:443}</td><td>the same for IPv6</td></tr>
 * <tr><td>{@code udp://198.51.100.7:123}</td><td>datagrams; all others are about TCP</td></tr>
 * </table>
 *
 * <p>A rule that denies wins over every rule that allows, and is about both protocols unless it
 * names one. What no rule allows is refused at once: connections with "connection refused", names
 * by not resolving.
 *
 * <p>Inside, {@code localhost} and {@code 127.0.0.1} are the sandbox itself. <b>The host's own
 * loopback</b> has the name {@code host.sandbox} there, and is reached if a pattern says so: {@code
 * host.sandbox:5432}.
 *
 * <p><b>Private, link-local, multicast and metadata addresses stay closed</b>, also behind a name
 * that is allowed and with {@link #everything}. A pattern of addresses that lies wholly in such a
 * range opens it: {@code 10.1.2.3:5432}. {@link #allowPrivate} opens the private addresses of a
 * name. A metadata service, and an address of the host's own network cards, needs a pattern of its
 * very address.
 */
public final class NetworkPolicy {
  /** The most rules that a policy may have. */
  public static final int MAX_RULES = 1000;

  private static final String PRIVATE = "private:";
  private static final NetworkPolicy NONE = new NetworkPolicy(false, false, List.of(), List.of());
  private static final NetworkPolicy EVERYTHING =
      new NetworkPolicy(true, false, List.of(), List.of());
  private static final NetworkPolicy BUILD_TOOLS =
      new NetworkPolicy(false, true, List.of(), List.of());

  private final boolean everything;
  private final boolean buildTools;
  private final List<NetworkRule> allowed;
  private final List<NetworkRule> denied;

  private NetworkPolicy(
      boolean everything, boolean buildTools, List<NetworkRule> allowed, List<NetworkRule> denied) {
    this.everything = everything;
    this.buildTools = buildTools;
    this.allowed = List.copyOf(new LinkedHashSet<>(allowed));
    this.denied = List.copyOf(new LinkedHashSet<>(denied));
    var rules = this.allowed.size() + this.denied.size();
    if (rules > MAX_RULES) {
      throw new InvalidSpecException(
          "A network policy of %,d rules is too large; use %,d at most: wildcards and blocks cover"
                  .formatted(rules, MAX_RULES)
              + " many destinations");
    }
  }

  /**
   * Returns the policy that allows nothing: the default of every sandbox.
   *
   * @return the policy
   */
  public static NetworkPolicy none() {
    return NONE;
  }

  /**
   * Returns a policy that allows what the patterns name.
   *
   * @param patterns as in the table above, for example {@code *.example.org:443}
   * @return the policy
   * @throws InvalidSpecException if one is not a pattern
   */
  public static NetworkPolicy allow(String... patterns) {
    return allow(Arrays.asList(patterns));
  }

  /**
   * Returns a policy that allows what the patterns name.
   *
   * @param patterns as in the table above, for example {@code *.example.org:443}
   * @return the policy
   * @throws InvalidSpecException if one is not a pattern
   */
  public static NetworkPolicy allow(List<String> patterns) {
    return new NetworkPolicy(false, false, rules(patterns, NetworkPattern.Use.ALLOW), List.of());
  }

  /**
   * Returns a policy that allows what the patterns name, also where a name resolves to a private
   * address, as names of a company's own network do.
   *
   * <p>Link-local and metadata addresses stay closed; only a pattern of addresses opens those.
   *
   * @param patterns as in the table above, for example {@code db.corp.example:5432}
   * @return the policy
   * @throws InvalidSpecException if one is not a pattern
   */
  public static NetworkPolicy allowPrivate(String... patterns) {
    return new NetworkPolicy(
        false, false, rules(Arrays.asList(patterns), NetworkPattern.Use.ALLOW_PRIVATE), List.of());
  }

  /**
   * Returns a policy that closes what the patterns name and opens nothing: to be joined with one
   * that does.
   *
   * @param patterns as in the table above, for example {@code admin.example.org}; {@code *:25} is
   *     port 25 of every host
   * @return the policy
   * @throws InvalidSpecException if one is not a pattern
   */
  public static NetworkPolicy deny(String... patterns) {
    return deny(Arrays.asList(patterns));
  }

  /**
   * Returns a policy that closes what the patterns name and opens nothing: to be joined with one
   * that does.
   *
   * @param patterns as in the table above, for example {@code admin.example.org}; {@code *:25} is
   *     port 25 of every host
   * @return the policy
   * @throws InvalidSpecException if one is not a pattern
   */
  public static NetworkPolicy deny(List<String> patterns) {
    return new NetworkPolicy(false, false, List.of(), rules(patterns, NetworkPattern.Use.DENY));
  }

  /**
   * Reads a policy from settings such as annotations and properties.
   *
   * @param settings patterns that are allowed, as in the table above; {@code private:} in front of
   *     one opens private addresses like {@link #allowPrivate}; the word {@code everything} means
   *     {@link #everything}, {@code build-tools} {@link #buildTools}, and {@code none} adds nothing
   * @return the policy that allows all of it
   * @throws InvalidSpecException if one is none of these
   */
  public static NetworkPolicy parse(List<String> settings) {
    return settings.stream().map(NetworkPolicy::parse).reduce(NONE, NetworkPolicy::and);
  }

  private static NetworkPolicy parse(String setting) {
    return switch (setting) {
      case "none" -> NONE;
      case "everything" -> EVERYTHING;
      case "build-tools" -> BUILD_TOOLS;
      default ->
          setting.startsWith(PRIVATE)
              ? allowPrivate(setting.substring(PRIVATE.length()))
              : allow(setting);
    };
  }

  /**
   * Returns the policy that allows every public destination, TCP and UDP.
   *
   * <p>Code that you do not trust can then send whatever it finds inside to wherever it likes; each
   * sandbox that gets this policy logs a warning. Private, loopback, link-local and metadata
   * addresses stay closed.
   *
   * @return the policy
   */
  public static NetworkPolicy everything() {
    return EVERYTHING;
  }

  /**
   * Returns the policy that allows the servers which the user's own Maven, npm, Yarn, pip, Cargo
   * and Go are configured to download from: mirrors, registries, indexes and proxies, or else what
   * is built into these tools.
   *
   * <p>The tools that are installed are asked when the first sandbox with this policy starts, all
   * at once, which takes a second or two; a tool that does not answer is a warning in the log of
   * {@code dev.sandboxed}. The configuration of a project is not looked at. Names that the user's
   * configuration has may lead to private addresses.
   *
   * <p>A sandbox that is <em>created</em> with this policy also gets the settings, so that the
   * tools inside use the same servers, and the certificates of authorities that the host trusts;
   * its own environment variables win. Credentials stay outside: give tools inside some of their
   * own with {@link SandboxBuilder#secret}.
   *
   * <pre>{@code
   * try (var sandbox = Sandbox.builder().network(NetworkPolicy.buildTools()).create()) {
   *   sandbox.exec("pip", "install", "--target", "/tmp/site", "toolz").await();
   * }
   * }</pre>
   *
   * @return the policy
   */
  public static NetworkPolicy buildTools() {
    return BUILD_TOOLS;
  }

  /**
   * Returns a policy that allows what either of the two allows, and denies what either denies.
   *
   * @param other the other policy
   * @return the joined policy
   */
  public NetworkPolicy and(NetworkPolicy other) {
    return new NetworkPolicy(
        everything || other.everything,
        buildTools || other.buildTools,
        joined(allowed, other.allowed),
        joined(denied, other.denied));
  }

  /**
   * Returns whether every public destination is allowed that no rule denies.
   *
   * @return whether {@link #everything} is part of this policy
   */
  public boolean allowsEverything() {
    return everything;
  }

  /**
   * Returns whether the servers of the user's build tools are allowed that no rule denies.
   *
   * @return whether {@link #buildTools} is part of this policy
   */
  public boolean usesBuildTools() {
    return buildTools;
  }

  /**
   * Returns whether no destination is allowed.
   *
   * @return whether this is {@link #none}, perhaps with rules that deny
   */
  public boolean allowsNothing() {
    return !everything && !buildTools && allowed.isEmpty();
  }

  /**
   * Returns the rules that allow.
   *
   * @return the rules, in the order they were given, each once
   */
  public List<NetworkRule> allowed() {
    return allowed;
  }

  /**
   * Returns the rules that deny.
   *
   * @return the rules, in the order they were given, each once
   */
  public List<NetworkRule> denied() {
    return denied;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NetworkPolicy that
        && everything == that.everything
        && buildTools == that.buildTools
        && allowed.equals(that.allowed)
        && denied.equals(that.denied);
  }

  @Override
  public int hashCode() {
    return Objects.hash(everything, buildTools, allowed, denied);
  }

  /** Returns for example {@code "*.example.org, 203.0.113.0/24; not admin.example.org"}. */
  @Override
  public String toString() {
    var open = new ArrayList<String>();
    if (everything) {
      open.add("everything");
    }
    if (buildTools) {
      open.add("build tools");
    }
    allowed.forEach(rule -> open.add(rule.toString()));
    var opened = open.isEmpty() ? "nothing" : String.join(", ", open);
    return denied.isEmpty()
        ? opened
        : denied.stream()
            .map(NetworkRule::toString)
            .collect(Collectors.joining(", ", opened + "; not ", ""));
  }

  private static List<NetworkRule> rules(List<String> patterns, NetworkPattern.Use use) {
    return patterns.stream().map(pattern -> NetworkPattern.parse(pattern, use)).toList();
  }

  private static List<NetworkRule> joined(List<NetworkRule> some, List<NetworkRule> others) {
    var all = new ArrayList<>(some);
    all.addAll(others);
    return all;
  }
}
