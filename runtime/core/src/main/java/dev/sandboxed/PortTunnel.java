package dev.sandboxed;

import java.net.InetSocketAddress;
import java.net.URI;

/**
 * A TCP port inside a sandbox that the host reaches on its own loopback.
 *
 * <pre>{@code
 * var tunnel = sandbox.tunnel(8080);
 * var client = new Socket(tunnel.address().getAddress(), tunnel.address().getPort());
 * }</pre>
 *
 * <p>Every connection to {@link #address} becomes one to the port inside. While nothing listens
 * there, connections are accepted and then reset. A tunnel is there until its sandbox ends; every
 * program of this machine can connect to it meanwhile, as to any port of the loopback.
 *
 * @param port the port inside, from 1 to 65535
 * @param address where it is on the host, on the loopback
 */
public record PortTunnel(int port, InetSocketAddress address) {

  /**
   * Checks the port.
   *
   * @throws InvalidSpecException if there is no such port
   */
  public PortTunnel {
    SpecChecks.port(port);
  }

  /**
   * Returns the address as a URI of HTTP.
   *
   * @return for example {@code http://127.0.0.1:43121}
   */
  public URI uri() {
    return uri("http");
  }

  /**
   * Returns the address as a URI.
   *
   * @param scheme for example {@code https} or {@code postgresql}
   * @return for example {@code postgresql://127.0.0.1:43121}
   * @throws InvalidSpecException if that is not the scheme of a URI
   */
  public URI uri(String scheme) {
    if (!scheme.matches("[A-Za-z][A-Za-z0-9+.-]*")) {
      throw new InvalidSpecException(
          "\"%s\" is not the scheme of a URI; write one such as http, without ://"
              .formatted(OutputTail.printable(scheme)));
    }
    return URI.create(
        "%s://%s:%d".formatted(scheme, address.getAddress().getHostAddress(), address.getPort()));
  }

  /** Returns for example {@code "port 8080 at 127.0.0.1:43121"}. */
  @Override
  public String toString() {
    return "port %d at %s:%d"
        .formatted(port, address.getAddress().getHostAddress(), address.getPort());
  }
}
