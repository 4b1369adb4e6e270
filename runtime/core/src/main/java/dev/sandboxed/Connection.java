package dev.sandboxed;

import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/**
 * A destination outside that a program in a sandbox tried to reach.
 *
 * <p>Names and messages come from the code inside: they are cut and safe to print, and may lie
 * about what a server is.
 *
 * @param at when it was tried
 * @param protocol how
 * @param host the name that it was tried by, in lower case; empty if it was an address
 * @param address the address that the name has, as text; empty if none was looked up
 * @param port the port; 0 for a look-up
 * @param verdict what became of it
 * @param rule the rule that decided; empty if none matched
 * @param message why it was refused or failed; empty if it was allowed
 * @param bytesOut bytes sent to the destination; 0 while the connection is open
 * @param bytesIn bytes received from it; 0 while the connection is open
 * @param count how often, where the same refusal came too often to be told each time
 */
public record Connection(
    Instant at,
    Protocol protocol,
    Optional<String> host,
    Optional<String> address,
    int port,
    Verdict verdict,
    Optional<String> rule,
    String message,
    long bytesOut,
    long bytesIn,
    long count) {

  /** How a destination was tried. */
  public enum Protocol {
    /** A connection. */
    TCP,
    /** Datagrams. */
    UDP,
    /** The look-up of a name. */
    DNS
  }

  /** What became of it. */
  public enum Verdict {
    /** The policy allows it, and it is connected. */
    OPEN,
    /** The policy allowed it, and it is over. */
    CLOSED,
    /** The policy does not allow it. */
    REFUSED,
    /** The policy allows it, and it could not be reached. */
    FAILED
  }

  /**
   * Returns the destination as one would write it.
   *
   * @return for example {@code tcp://example.org:443}
   */
  public String destination() {
    var name = host.or(() -> address).orElse("?");
    var shown = name.indexOf(':') >= 0 ? "[" + name + "]" : name;
    return switch (protocol) {
      case DNS -> "dns://" + name;
      case TCP -> "tcp://" + shown + ":" + port;
      case UDP -> "udp://" + shown + ":" + port;
    };
  }

  /** Returns for example {@code "tcp://example.org:443: refused: no rule allows it"}. */
  @Override
  public String toString() {
    var text = new StringBuilder(destination());
    if (host.isPresent()) {
      address.ifPresent(a -> text.append(" (").append(a).append(')'));
    }
    text.append(": ").append(verdict.name().toLowerCase(Locale.ROOT));
    if (count > 1) {
      text.append(" %,d times".formatted(count));
    }
    if (!message.isEmpty()) {
      text.append(": ").append(message);
    }
    if (verdict != Verdict.REFUSED) {
      rule.ifPresent(r -> text.append(", by the rule ").append(r));
    }
    if (verdict == Verdict.CLOSED) {
      text.append(", %,d bytes out, %,d in".formatted(bytesOut, bytesIn));
    }
    return text.toString();
  }
}
