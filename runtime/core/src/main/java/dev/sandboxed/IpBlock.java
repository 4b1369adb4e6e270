package dev.sandboxed;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;

/** A block of IP addresses: a network's address and the length of its prefix, in bits. */
final class IpBlock {
  private static final Pattern IPV4_NUMBER = Pattern.compile("0|[1-9]\\d{0,2}");
  private static final Pattern IPV6_CHARACTERS = Pattern.compile("[0-9a-fA-F:.]{2,45}");

  private final byte[] address;
  private final int prefix;

  private IpBlock(byte[] address, int prefix) {
    this.address = address;
    this.prefix = prefix;
  }

  /** Returns the block of one address, if the text is one; nothing is looked up. */
  static Optional<IpBlock> ofAddress(String text) {
    return bytes(text).map(b -> new IpBlock(b, b.length * Byte.SIZE));
  }

  /** Returns the smallest network of this prefix length that this block lies in. */
  IpBlock network(int length) {
    var network = address.clone();
    for (var bit = length; bit < network.length * Byte.SIZE; bit++) {
      network[bit / Byte.SIZE] &= (byte) ~(0x80 >> (bit % Byte.SIZE));
    }
    return new IpBlock(network, length);
  }

  /** Returns how many bits an address of this kind has. */
  int bits() {
    return address.length * Byte.SIZE;
  }

  int prefix() {
    return prefix;
  }

  boolean isIpv6() {
    return bits() > 32;
  }

  /** Returns whether these are IPv4 addresses in the clothes of IPv6. */
  boolean isMapped() {
    return isIpv6()
        && prefix >= 96
        && Arrays.equals(address, 0, 12, new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1}, 0, 12);
  }

  /** Returns the block of the last 32 bits of its addresses. */
  IpBlock unmapped() {
    return new IpBlock(Arrays.copyOfRange(address, 12, 16), prefix - 96);
  }

  /** Returns the address alone, without the prefix. */
  String addressText() {
    try {
      return (isIpv6() ? Inet6Address.getByAddress(null, address, -1) : inet(address))
          .getHostAddress();
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of " + address.length + " bytes", e);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof IpBlock that
        && prefix == that.prefix
        && Arrays.equals(address, that.address);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(address) + prefix;
  }

  @Override
  public String toString() {
    return addressText() + "/" + prefix;
  }

  private static InetAddress inet(byte[] address) throws UnknownHostException {
    return InetAddress.getByAddress(address);
  }

  private static Optional<byte[]> bytes(String text) {
    return text.indexOf(':') < 0 ? ipv4(text) : ipv6(text);
  }

  private static Optional<byte[]> ipv4(String text) {
    var parts = text.split("\\.", -1);
    var bytes = new byte[4];
    if (parts.length != bytes.length) {
      return Optional.empty();
    }
    for (var i = 0; i < bytes.length; i++) {
      if (!IPV4_NUMBER.matcher(parts[i]).matches() || Integer.parseInt(parts[i]) > 255) {
        return Optional.empty();
      }
      bytes[i] = (byte) Integer.parseInt(parts[i]);
    }
    return Optional.of(bytes);
  }

  private static Optional<byte[]> ipv6(String text) {
    if (!IPV6_CHARACTERS.matcher(text).matches()) {
      return Optional.empty();
    }
    try {
      // In brackets it is taken as an address and never looked up as a name.
      var bytes = InetAddress.getByName("[" + text + "]").getAddress();
      if (bytes.length == 16) {
        return Optional.of(bytes);
      }
      // Java takes IPv4 out of its IPv6 clothes by itself; put it back, for the checks to see.
      var mapped = new byte[16];
      mapped[10] = -1;
      mapped[11] = -1;
      System.arraycopy(bytes, 0, mapped, 12, bytes.length);
      return Optional.of(mapped);
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }
}
