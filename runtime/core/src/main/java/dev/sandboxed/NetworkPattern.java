package dev.sandboxed;

import dev.sandboxed.NetworkRule.PortRange;
import dev.sandboxed.NetworkRule.Protocol;
import java.net.IDN;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the patterns of network policies, and says what is wrong with those that are none. */
final class NetworkPattern {
  private static final int MAX_LENGTH = 300;
  private static final int MAX_NAME = 253;
  private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://(.*)");
  private static final Pattern USER = Pattern.compile("(?s)^.*@");
  private static final Pattern BRACKETS =
      Pattern.compile("\\[([^\\[\\]/]*)(/[^\\]]*)?](/[^:]*)?(?::(.*))?");
  private static final Pattern PORTS = Pattern.compile("(\\d{1,5})(?:-(\\d{1,5}))?");
  private static final Pattern NUMBER = Pattern.compile("\\d{1,3}");
  private static final Pattern NUMBERS = Pattern.compile("[0-9.]*[0-9][0-9.]*");
  private static final Pattern NUMBER_AT_END = Pattern.compile("(?:^|\\.)(?:\\d+|0x[0-9a-f]*)$");
  private static final Pattern LABEL = Pattern.compile("[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?");

  /** What the rule is for; it decides which patterns make sense. */
  enum Use {
    /** Opens public destinations, and addresses that it names. */
    ALLOW,
    /** Opens private addresses behind names as well. */
    ALLOW_PRIVATE,
    /** Closes. */
    DENY
  }

  private final String pattern;
  private final Use use;

  private NetworkPattern(String pattern, Use use) {
    this.pattern = pattern;
    this.use = use;
  }

  /**
   * Reads a pattern.
   *
   * @throws InvalidSpecException if it is none, with what to write instead
   */
  static NetworkRule parse(String pattern, Use use) {
    return new NetworkPattern(pattern, use).parse();
  }

  private NetworkRule parse() {
    if (pattern.isEmpty()) {
      throw invalid(
          "it is empty", "write a name, an address or a block, such as *.example.org:443");
    }
    if (pattern.length() > MAX_LENGTH) {
      throw invalid("it has %,d characters".formatted(pattern.length()), "give each one by itself");
    }
    if (pattern.chars().anyMatch(c -> Character.isWhitespace(c) || Character.isISOControl(c))) {
      throw invalid("it holds white space", "give each pattern by itself, without any");
    }
    if (pattern.indexOf('@') >= 0) {
      throw invalid("it names a user", "leave the part before the @ out; a policy needs none");
    }
    var scheme = SCHEME.matcher(pattern);
    if (!scheme.matches()) {
      // Whoever closes a destination means all of it.
      var both = EnumSet.allOf(Protocol.class);
      return rule(pattern, use == Use.DENY ? both : EnumSet.of(Protocol.TCP));
    }
    return rule(
        scheme.group(2),
        switch (scheme.group(1).toLowerCase(Locale.ROOT)) {
          case "tcp" -> EnumSet.of(Protocol.TCP);
          case "udp" -> EnumSet.of(Protocol.UDP);
          default ->
              throw invalid(
                  "\"%s\" is not tcp or udp".formatted(scheme.group(1)),
                  "write only the host and perhaps a port, such as example.org:443");
        });
  }

  private NetworkRule rule(String rest, Set<Protocol> protocols) {
    var brackets = BRACKETS.matcher(rest);
    if (brackets.matches()) {
      var inside = brackets.group(2);
      var block = block(brackets.group(1), inside != null ? inside : brackets.group(3));
      return rule(Optional.empty(), Optional.of(block), ports(brackets.group(4)), protocols);
    }
    var colon = rest.indexOf(':');
    if (colon != rest.lastIndexOf(':')) {
      return host(rest, Optional.empty(), protocols);
    }
    return colon < 0
        ? host(rest, Optional.empty(), protocols)
        : host(rest.substring(0, colon), ports(rest.substring(colon + 1)), protocols);
  }

  private NetworkRule host(String host, Optional<PortRange> ports, Set<Protocol> protocols) {
    if (host.isEmpty()) {
      throw invalid("it names no host", "write one before the port, such as example.org:443");
    }
    if (host.equals("*")) {
      return everyHost(ports, protocols);
    }
    var slash = host.indexOf('/');
    var address = slash < 0 ? host : host.substring(0, slash);
    if (address.indexOf(':') >= 0 || NUMBERS.matcher(address).matches()) {
      var block = block(address, slash < 0 ? null : host.substring(slash));
      return rule(Optional.empty(), Optional.of(block), ports, protocols);
    }
    if (slash >= 0) {
      throw invalid(
          "it has a path",
          "write only the host and perhaps a port: a policy cannot see what is asked of a server");
    }
    return rule(Optional.of(domain(host)), Optional.empty(), ports, protocols);
  }

  private NetworkRule everyHost(Optional<PortRange> ports, Set<Protocol> protocols) {
    if (use != Use.DENY) {
      throw invalid(
          "it names every host", "use NetworkPolicy.everything(), and deny what must stay closed");
    }
    if (ports.isEmpty()) {
      throw invalid(
          "it denies every host", "leave it out: what no rule allows is closed, or add a port");
    }
    return rule(Optional.empty(), Optional.empty(), ports, protocols);
  }

  private NetworkRule rule(
      Optional<String> domain,
      Optional<IpBlock> block,
      Optional<PortRange> ports,
      Set<Protocol> protocols) {
    return new NetworkRule(
        pattern, domain, block, ports, protocols, use == Use.ALLOW_PRIVATE && domain.isPresent());
  }

  private IpBlock block(String address, @Nullable String length) {
    var host =
        IpBlock.ofAddress(address)
            .orElseThrow(
                () ->
                    invalid(
                        "\"%s\" is not an IP address".formatted(shown(address)),
                        address.indexOf(':') >= 0
                            ? "write IPv6 like 2001:db8::1, or [2001:db8::1]:443 with a port"
                            : "write IPv4 with four numbers, such as 203.0.113.7"));
    var prefix = length == null ? host.bits() : prefix(length.substring(1), host.bits());
    var block = host.network(prefix);
    if (!block.addressText().equals(host.addressText())) {
      throw invalid(
          "%s is not the first address of a block of %d bits".formatted(host.addressText(), prefix),
          "write %s for the block, or %s for the one address".formatted(block, host.addressText()));
    }
    if (block.isMapped()) {
      throw invalid("it is IPv4 written as IPv6", "write " + block.unmapped());
    }
    if (prefix == 0 && use != Use.DENY) {
      throw invalid(
          "it names every address",
          "use NetworkPolicy.everything(), and deny what must stay closed");
    }
    return block;
  }

  private int prefix(String length, int bits) {
    if (!NUMBER.matcher(length).matches() || Integer.parseInt(length) > bits) {
      throw invalid(
          "\"/%s\" is not the length of a prefix".formatted(shown(length)),
          "write a number from 0 to %d after the slash, such as /%d; a policy knows no paths"
              .formatted(bits, bits == 32 ? 24 : 64));
    }
    return Integer.parseInt(length);
  }

  private Optional<PortRange> ports(@Nullable String text) {
    if (text == null) {
      return Optional.empty();
    }
    var matcher = PORTS.matcher(text);
    if (!matcher.matches()) {
      throw invalid(
          "\"%s\" is not a port".formatted(shown(text)),
          "write a number from 1 to 65535, or a range such as 8000-8100; leave it out for every"
              + " port");
    }
    var first = Integer.parseInt(matcher.group(1));
    var last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
    if (first < 1 || last > 65_535 || last < first) {
      throw invalid(
          "there are no ports %s".formatted(text),
          "write a number from 1 to 65535, or a range from a lower to a higher one");
    }
    return Optional.of(new PortRange(first, last));
  }

  private String domain(String host) {
    var lower = host.toLowerCase(Locale.ROOT);
    var wildcard = lower.startsWith("*.");
    var name = wildcard ? lower.substring(2) : lower;
    if (name.endsWith(".")) {
      name = name.substring(0, name.length() - 1);
    }
    if (name.indexOf('*') >= 0) {
      throw invalid(
          "it has a * that is not its first part",
          "write *. in front of a name, such as *.example.org, for all names below it");
    }
    if (name.chars().anyMatch(c -> c > 127)) {
      throw invalid("its name is not ASCII", "write it as programs look it up" + ascii(name));
    }
    if (name.equals("localhost") || name.endsWith(".localhost")) {
      throw invalid(
          "inside, localhost is the sandbox itself",
          "write host.sandbox and a port, such as host.sandbox:5432, for a server on the host");
    }
    if (name.length() > MAX_NAME) {
      throw invalid(
          "its name has %d characters".formatted(name.length()),
          "names have %d at most".formatted(MAX_NAME));
    }
    if (NUMBER_AT_END.matcher(name).find()) {
      throw invalid(
          "its name ends in a number, which programs take as an IP address",
          "write addresses like 203.0.113.7");
    }
    for (var label : name.split("\\.", -1)) {
      if (!LABEL.matcher(label).matches()) {
        throw invalid(
            "\"%s\" is not a part of a name".formatted(shown(label)),
            "parts have 1 to 63 letters, digits, - and _, and no - at either end");
      }
    }
    return wildcard ? "*." + name : name;
  }

  private static String ascii(String name) {
    try {
      return ": " + IDN.toASCII(name);
    } catch (IllegalArgumentException e) {
      return ", beginning with xn--";
    }
  }

  private InvalidSpecException invalid(String what, String fix) {
    return new InvalidSpecException(
        "\"%s\" is not a network pattern: %s; %s"
            .formatted(shown(USER.matcher(pattern).replaceFirst("***@")), what, fix));
  }

  private static String shown(String text) {
    var printable = OutputTail.printable(text).replace("\n", "\\n").replace("\t", "\\t");
    return printable.length() > MAX_LENGTH ? printable.substring(0, MAX_LENGTH) + "…" : printable;
  }
}
