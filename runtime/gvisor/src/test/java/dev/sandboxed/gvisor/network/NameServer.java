package dev.sandboxed.gvisor.network;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A DNS server of a test's own on the host's loopback: it knows IPv4 addresses of the names it was
 * told. Successive addresses of a name are given out one after the other, the last one for ever.
 */
final class NameServer implements AutoCloseable {
  private static final byte[] LOOPBACK = {127, 0, 0, 1};
  private static final int TYPE_A = 1;
  private static final int NAME_ERROR = 3;

  private final DatagramSocket socket;
  private final Map<String, List<byte[]>> zone = new ConcurrentHashMap<>();
  private final List<String> asked = new CopyOnWriteArrayList<>();

  private NameServer(DatagramSocket socket) {
    this.socket = socket;
    var thread = new Thread(this::serve, "name-server");
    thread.setDaemon(true);
    thread.start();
  }

  static NameServer start() throws IOException {
    return new NameServer(new DatagramSocket(0, InetAddress.getByAddress(LOOPBACK)));
  }

  /** Tells it a name; a second address is for the second question, and so on. */
  NameServer with(String name, String... addresses) {
    var all = new CopyOnWriteArrayList<byte[]>();
    for (var address : addresses) {
      var bytes = new byte[4];
      var parts = address.split("\\.");
      for (var i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) Integer.parseInt(parts[i]);
      }
      all.add(bytes);
    }
    zone.put(name, all);
    return this;
  }

  InetSocketAddress address() {
    return (InetSocketAddress) socket.getLocalSocketAddress();
  }

  /** Returns the names that it was asked for so far. */
  List<String> asked() {
    return List.copyOf(asked);
  }

  @Override
  public void close() {
    socket.close();
  }

  private void serve() {
    while (!socket.isClosed()) {
      try {
        var packet = new DatagramPacket(new byte[4096], 4096);
        socket.receive(packet);
        var answer = answer(ByteBuffer.wrap(packet.getData(), 0, packet.getLength()));
        socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
      } catch (IOException e) {
        // Closed, which ends the loop.
      }
    }
  }

  private byte[] answer(ByteBuffer query) throws IOException {
    var id = query.getShort(0);
    query.position(12);
    var name = new StringBuilder();
    for (int length = query.get(); length > 0; length = query.get()) {
      var label = new byte[length];
      query.get(label);
      name.append(name.length() == 0 ? "" : ".")
          .append(new String(label, StandardCharsets.US_ASCII));
    }
    var type = query.getShort();
    var question = new byte[query.position() + 2 - 12];
    query.position(12).get(question);
    var asks = name.toString().toLowerCase(Locale.ROOT);
    asked.add(asks);
    var addresses = zone.get(asks);
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.writeShort(id);
    out.writeShort(0x8580 | (addresses == null ? NAME_ERROR : 0));
    out.writeShort(1);
    out.writeShort(addresses != null && type == TYPE_A ? 1 : 0);
    out.writeInt(0);
    out.write(question);
    if (addresses != null && type == TYPE_A) {
      out.writeShort(0xc00c);
      out.writeShort(TYPE_A);
      out.writeShort(1);
      out.writeInt(0);
      out.writeShort(4);
      out.write(addresses.size() > 1 ? addresses.remove(0) : addresses.get(0));
    }
    return bytes.toByteArray();
  }
}
