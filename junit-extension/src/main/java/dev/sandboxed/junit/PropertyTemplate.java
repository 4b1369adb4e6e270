package dev.sandboxed.junit;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.PortTunnel;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxSpec;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The value of a property, with what is filled in when its sandbox runs.
 *
 * @param parts in the order of the text
 */
record PropertyTemplate(List<Part> parts) {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\$\\{|\\$\\{([^}]*)(}?)");

  /** What a part stands for. */
  enum Kind {
    TEXT,
    HOST,
    PORT,
    ADDRESS,
    URI,
    ENV
  }

  /** A part of the text; the argument is the text itself, a port or a name. */
  record Part(Kind kind, String argument) {}

  /**
   * Reads a value.
   *
   * @throws InvalidSpecException if it holds what cannot be filled in
   */
  static PropertyTemplate parse(String text) {
    var parts = new ArrayList<Part>();
    var matcher = PLACEHOLDER.matcher(text);
    var end = 0;
    while (matcher.find()) {
      parts.add(new Part(Kind.TEXT, text.substring(end, matcher.start())));
      parts.add(matcher.group(1) == null ? new Part(Kind.TEXT, "${") : placeholder(matcher));
      end = matcher.end();
    }
    parts.add(new Part(Kind.TEXT, text.substring(end)));
    return new PropertyTemplate(List.copyOf(parts));
  }

  private static Part placeholder(Matcher matcher) {
    var body = matcher.group(1);
    var colon = body.indexOf(':');
    var word = colon < 0 ? body : body.substring(0, colon);
    var argument = colon < 0 ? "" : body.substring(colon + 1);
    var kind =
        List.of("host", "port", "address", "uri", "env").contains(word)
                && !matcher.group(2).isEmpty()
            ? Kind.valueOf(word.toUpperCase(Locale.ROOT))
            : Kind.TEXT;
    var isFit =
        switch (kind) {
          case TEXT -> false;
          case ENV -> !argument.isEmpty();
          case HOST -> colon < 0 || isPort(argument);
          case PORT, ADDRESS, URI -> isPort(argument);
        };
    if (!isFit) {
      throw new InvalidSpecException(
          "\"%s\" cannot be filled in; write ${port:5432}, ${host:5432}, ${host}, ${address:5432}, ${uri:8080} or ${env:NAME}, and $${ for ${ itself"
              .formatted(matcher.group()));
    }
    return new Part(kind, argument);
  }

  private static boolean isPort(String text) {
    if (!text.matches("[0-9]{1,5}")) {
      return false;
    }
    // It tells what is wrong with a number that is none of a port.
    return new PortTunnel(Integer.parseInt(text), new InetSocketAddress(0)).port() > 0;
  }

  /**
   * Checks that a sandbox of the spec has what is filled in, but for what happens in it.
   *
   * @throws InvalidSpecException if it has not
   */
  void check(SandboxSpec spec) {
    for (var part : parts) {
      if (part.kind() == Kind.ENV) {
        variable(part.argument(), spec);
      } else if (part.kind() == Kind.HOST && part.argument().isEmpty()) {
        anyPort(spec);
      }
    }
  }

  /** Fills everything in. */
  String resolve(Sandbox sandbox) {
    var text = new StringBuilder();
    for (var part : parts) {
      text.append(
          switch (part.kind()) {
            case TEXT -> part.argument();
            case ENV -> variable(part.argument(), sandbox.spec());
            case HOST -> host(sandbox.tunnel(port(part, sandbox.spec())));
            case PORT -> "" + sandbox.tunnel(port(part, sandbox.spec())).address().getPort();
            case ADDRESS -> address(sandbox.tunnel(port(part, sandbox.spec())));
            case URI -> sandbox.tunnel(port(part, sandbox.spec())).uri().toString();
          });
    }
    return text.toString();
  }

  private static String host(PortTunnel tunnel) {
    return tunnel.address().getAddress().getHostAddress();
  }

  private static String address(PortTunnel tunnel) {
    return host(tunnel) + ":" + tunnel.address().getPort();
  }

  private int port(Part part, SandboxSpec spec) {
    return part.argument().isEmpty() ? anyPort(spec) : Integer.parseInt(part.argument());
  }

  /** Returns the first port that is named here, or else is declared. */
  private int anyPort(SandboxSpec spec) {
    return parts.stream()
        .filter(p -> p.kind() != Kind.TEXT && p.kind() != Kind.ENV && !p.argument().isEmpty())
        .map(p -> Integer.valueOf(p.argument()))
        .findFirst()
        .or(() -> spec.network().ports().stream().findFirst())
        .orElseThrow(
            () ->
                new InvalidSpecException(
                    "no port says which tunnel ${host} is of; write ${host:5432}, or declare"
                        + " ports"));
  }

  private static String variable(String name, SandboxSpec spec) {
    return Optional.ofNullable(spec.env().get(name))
        .or(
            () ->
                spec.secrets().stream()
                    .filter(s -> s.name().equals(name))
                    .map(s -> s.reveal())
                    .findFirst())
        .orElseThrow(
            () ->
                new InvalidSpecException(
                    "the sandbox is given no variable %s, by neither env nor secrets; give it one, those of its image are not known"
                        .formatted(name)));
  }
}
