package dev.sandboxed.gvisor.hostile;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.Connection;
import dev.sandboxed.Connection.Verdict;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.Sandbox;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Programs that try every way out of a sandbox whose network is open to one server only.
 *
 * <p>Addresses are those reserved for documentation, private ones and the host's loopback: nothing
 * is sent to anybody's network even if a wall should break.
 */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NetworkEscapeTest {
  /** Packets by hand: checksums, IPv4, TCP, UDP. */
  private static final String PACKETS =
      """
      import socket, struct, sys, os, fcntl, time, errno
      def checksum(b):
          b += b'\\0' * (len(b) % 2)
          s = sum(struct.unpack('!%dH' % (len(b) // 2), b))
          s = (s >> 16) + (s & 0xffff); s += s >> 16
          return ~s & 0xffff
      def ip4(src, dst, proto, payload, options=b'', flags=0, ident=1):
          head = lambda c: struct.pack('!BBHHHBBH4s4s', 0x40 | (5 + len(options) // 4), 0, 20 + len(options) + len(payload),
              ident, flags, 64, proto, c, socket.inet_aton(src), socket.inet_aton(dst)) + options
          return head(checksum(head(0))) + payload
      def tcp(src, dst, sport, dport, flags, seq=1):
          head = lambda c: struct.pack('!HHIIBBHHH', sport, dport, seq, 0, 0x50, flags, 65535, c, 0)
          pseudo = socket.inet_aton(src) + socket.inet_aton(dst) + struct.pack('!BBH', 0, 6, 20)
          return head(checksum(pseudo + head(0)))
      def device(name):
          fd = os.open('/dev/net/tun', os.O_RDWR)
          fcntl.ioctl(fd, 0x400454ca, struct.pack('16sH', name, 0x1001))
          return fd
      """;

  /** Of this machine, of networks nearby, of nobody, and names for some of them. */
  private static final List<String> ADDRESSES =
      List.of(
          "127.0.0.1",
          "127.1.2.3",
          "0.0.0.0",
          "169.254.169.254",
          "10.0.0.1",
          "192.168.1.1",
          "172.16.0.1",
          "100.64.0.1",
          "198.18.0.2",
          "198.18.77.77",
          "198.19.255.1",
          "198.51.100.7",
          "224.0.0.1",
          "239.1.2.3",
          "0.1.2.3",
          "255.255.255.255",
          "240.0.0.1",
          "::1",
          "::ffff:127.0.0.1",
          "::ffff:169.254.169.254",
          "::ffff:198.51.100.7",
          "::127.0.0.1",
          "64:ff9b::7f00:1",
          "64:ff9b::a9fe:a9fe",
          "2002:7f00:1::1",
          "2001:db8::1",
          "fe80::1%tun0",
          "ff02::1%tun0",
          "ff0e::1",
          "::ffff:224.0.0.1",
          "::",
          "fd00:ec2::254",
          "fd53:616e:6462::1",
          "fd53:616e:6462:1::9999",
          "host.sandbox",
          "localhost",
          "metadata.sandbox",
          "sandbox.invalid");

  private CountingServer allowed;
  private CountingServer forbidden;
  private Sandbox sandbox;

  @BeforeEach
  void open() throws Exception {
    allowed = CountingServer.start();
    forbidden = CountingServer.start();
    sandbox =
        Sandbox.builder().network(NetworkPolicy.allow("host.sandbox:" + allowed.port())).create();
  }

  @AfterEach
  void nothingGotThrough() throws Exception {
    try {
      assertThat(forbidden.connections()).as("connections that must not be").isZero();
      Inside.assertAnswers(sandbox);
      // Half-open connections of an attack may take a while to go.
      await().atMost(60, SECONDS).until(this::talk, "echo\n"::equals);
    } finally {
      sandbox.close();
      allowed.close();
      forbidden.close();
    }
  }

  @Test
  void noAddressLeadsToAnythingThatIsNotAllowed() {
    var result =
        Inside.python(
                sandbox,
                "import socket",
                "for host in '%s'.split():".formatted(String.join(" ", ADDRESSES)),
                "    try:",
                "        socket.create_connection((host, %d), timeout=120)"
                    .formatted(forbidden.port()),
                "        print(host, 'connected')",
                "    except TimeoutError as e:",
                "        print(host, 'not refused but left without an answer:', e)",
                "    except OSError as e:",
                "        print(host, 'refused:', e)")
            .await();
    assertThat(result.stdout().lines())
        .hasSameSizeAs(ADDRESSES)
        .allMatch(line -> line.contains(" refused: "));
    assertThat(sandbox.connections())
        .filteredOn(c -> c.protocol() != Connection.Protocol.DNS)
        .isNotEmpty()
        .extracting(Connection::verdict)
        .allMatch(v -> v == Verdict.REFUSED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "224.0.0.1",
        "239.1.2.3",
        "0.1.2.3",
        "255.255.255.255",
        "240.0.0.1",
        "169.254.169.254",
        "ff02::1%tun0",
        "ff0e::1",
        "fe80::1%tun0",
        "::ffff:224.0.0.1"
      })
  void noDatagramLeadsToAnAddressThatIsNotOneHosts(String host) {
    var result =
        Inside.python(
                sandbox,
                "import socket",
                "family, kind, _, _, to = socket.getaddrinfo('%s', 53, 0, socket.SOCK_DGRAM)[0]"
                    .formatted(host),
                "s = socket.socket(family, kind)",
                "s.settimeout(120)",
                "try:",
                "    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)",
                "    s.connect(to)",
                "    s.send(b'hello')",
                "    print(s.recv(100))",
                "except TimeoutError as e:",
                "    print('not refused but left without an answer:', e)",
                "except OSError as e:",
                "    print('refused:', e)")
            .await();
    assertThat(result.stdout()).startsWith("refused: ");
    assertThat(sandbox.connections()).extracting(Connection::verdict).containsOnly(Verdict.REFUSED);
  }

  @Test
  void aForeignResolverIsNeverAsked() {
    var result =
        Inside.python(
                sandbox,
                "import socket",
                "query = (b'\\x12\\x34\\x01\\0\\0\\1\\0\\0\\0\\0\\0\\0' + b'\\x20' + b's' * 32",
                "    + b'\\7example\\3org\\0' + b'\\0\\x10\\0\\1')",
                "for server in ('198.51.100.53', '2001:db8::53', '10.0.0.53'):",
                "    family = socket.AF_INET6 if ':' in server else socket.AF_INET",
                "    s = socket.socket(family, socket.SOCK_DGRAM)",
                "    s.settimeout(10)",
                "    s.connect((server, 53))",
                "    try:",
                "        s.send(query)",
                "        print(s.recv(100))",
                "    except OSError as e:",
                "        print(type(e).__name__)")
            .await();
    assertThat(result.stdout().lines()).hasSize(3).containsOnly("ConnectionRefusedError");
    assertThat(sandbox.connections())
        .filteredOn(c -> c.protocol() == Connection.Protocol.UDP)
        .extracting(Connection::destination, Connection::verdict)
        .contains(tuple("udp://198.51.100.53:53", Verdict.REFUSED));
  }

  @Test
  void namesThatCarryDataAreNotLookedUp() {
    var result =
        Inside.python(
                sandbox,
                "import socket",
                "for i in range(300):",
                "    try:",
                "        print(socket.getaddrinfo('secret%d.%s.example.org' % (i, 'x' * 60), 443))",
                "    except socket.gaierror as e:",
                "        pass",
                "print('done')")
            .await();
    assertThat(result.stdout()).isEqualTo("done\n");
    assertThat(sandbox.connections())
        .filteredOn(c -> c.host().orElse("").endsWith("example.org"))
        .isNotEmpty()
        .allMatch(c -> c.verdict() == Verdict.REFUSED);
  }

  @Test
  void packetsMadeByHandReachNobody() {
    var script =
        PACKETS
            + """
            port = %d
            me = '198.19.255.2'
            try:
                raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
            except PermissionError:
                print('not even allowed to try'); sys.exit()
            sent = 0
            for src in (me, '127.0.0.1', '10.0.0.9', '198.51.100.1'):
                for dst in ('127.0.0.1', '198.19.255.1', '198.18.0.2', '169.254.169.254', '198.51.100.7', '255.255.255.255'):
                    for options in (b'', b'\\x83\\x07\\x04' + socket.inet_aton('127.0.0.1') + b'\\0', b'\\x07\\x07\\x04\\0\\0\\0\\0\\0', b'\\xff\\xff\\xff\\xff'):
                        for flags in (0, 0x2000, 0x1fff, 0x4000):
                            for payload in (tcp(src, dst, 1234, port, 2), tcp(src, dst, 1234, port, 0x10), b'\\x08\\0\\xf7\\xff\\0\\0\\0\\0', b'', os.urandom(40)):
                                for proto in (1, 2, 4, 6, 17, 41, 47, 50, 132, 255):
                                    try:
                                        raw.sendto(ip4(src, dst, proto, payload, options, flags), (dst, 0)); sent += 1
                                    except OSError:
                                        pass
            print('sent' if sent > 100 else 'refused')
            """
                .formatted(forbidden.port());
    var result = sandbox.exec("python3", "-c", script).await();
    assertThat(result.stdout()).isIn("not even allowed to try\n", "sent\n");
  }

  @Test
  void aDeviceOfOnesOwnLeadsNowhere() {
    var script =
        PACKETS
            + """
            port = %d
            for name in (b'tun0', b'tun9'):
                try:
                    fd = device(name)
                    os.system('ip link set %%s up 2>/dev/null' %% name.decode())
                    for dst in ('127.0.0.1', '198.19.255.2', '198.51.100.7'):
                        os.write(fd, ip4('198.51.100.9', dst, 6, tcp('198.51.100.9', dst, 99, port, 2)))
                except OSError as e:
                    pass
            print('done')
            """
                .formatted(forbidden.port());
    assertThat(sandbox.exec("python3", "-c", script).await().stdout()).isEqualTo("done\n");
  }

  @Test
  void sourceRoutesAreNotFollowed() {
    var result =
        Inside.python(
                sandbox,
                "import socket",
                "route = b'\\x01\\x83\\x07\\x04' + socket.inet_aton('127.0.0.1')",
                "for to in ('198.51.100.7', '198.19.255.1'):",
                "    s = socket.socket()",
                "    s.settimeout(20)",
                "    try:",
                "        s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, route)",
                "    except OSError:",
                "        pass",
                "    try:",
                "        s.connect((to, %d))".formatted(forbidden.port()),
                "        print('connected')",
                "    except OSError as e:",
                "        print('refused')")
            .await();
    assertThat(result.stdout().lines()).containsOnly("refused");
  }

  @Test
  void hugeNumbersOfConnectionsAreBoundedAndEnd() {
    var result =
        Inside.python(
                sandbox,
                "import socket, resource, selectors, errno",
                "soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)",
                "resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))",
                "to = socket.getaddrinfo('host.sandbox', %d, socket.AF_INET)[0][4]"
                    .formatted(allowed.port()),
                "socks = []; failed = 0",
                "for i in range(6000):",
                "    s = socket.socket()",
                "    s.settimeout(20)",
                "    try:",
                "        s.connect(to); socks.append(s)",
                "    except OSError:",
                "        failed += 1; s.close()",
                "print(len(socks) >= 1000, len(socks) <= 4096, failed > 0)")
            .await();
    assertThat(result.stdout()).isEqualTo("True True True\n");
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void halfOpenConnectionsAreBounded() throws Exception {
    // Its queue is full after a few, and nobody takes anything from it. The agent asks for some at
    // a
    // time, each of which is given up after 30 s: more of them would only take longer.
    try (var silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      sandbox.changeNetwork(
          NetworkPolicy.allow(
              "host.sandbox:" + allowed.port(), "host.sandbox:" + silent.getLocalPort()));
      var result =
          Inside.python(
                  sandbox,
                  "import socket, select, errno",
                  "to = socket.getaddrinfo('host.sandbox', %d, socket.AF_INET)[0][4]"
                      .formatted(silent.getLocalPort()),
                  "poll = select.poll(); socks = {}; refused = 0",
                  "for i in range(480):",
                  "    s = socket.socket(); s.setblocking(False)",
                  "    s.connect_ex(to); socks[s.fileno()] = s; poll.register(s, select.POLLOUT)",
                  "while len(socks) > 300:",
                  "    for fd, event in poll.poll(20000):",
                  "        refused += socks.pop(fd).getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)"
                      + " != 0",
                  "        poll.unregister(fd)",
                  "print(refused > 150)")
              .await();
      assertThat(result.stdout()).isEqualTo("True\n");
    }
  }

  @Test
  void anotherSandboxIsNotThere() {
    try (var other =
        Sandbox.builder().network(NetworkPolicy.allow("host.sandbox:" + allowed.port())).create()) {
      var serving =
          Inside.python(
                  other,
                  "import socket, sys",
                  "s = socket.create_server(('0.0.0.0', 7777))",
                  "print('ready', flush=True)",
                  "s.accept()",
                  "print('somebody came', flush=True)")
              .start();
      var tunnel = other.tunnel(7777).port();
      for (var target :
          List.of(
              "198.19.255.2:7777",
              "198.19.255.1:7777",
              "host.sandbox:" + tunnel,
              other.id() + ".sandbox:7777")) {
        var colon = target.lastIndexOf(':');
        var result =
            Inside.python(
                    sandbox,
                    "import socket",
                    "try:",
                    "    socket.create_connection(('%s', %s), timeout=20)"
                        .formatted(target.substring(0, colon), target.substring(colon + 1)),
                    "    print('connected')",
                    "except OSError:",
                    "    print('refused')")
                .await();
        assertThat(result.stdout()).as(target).isEqualTo("refused\n");
      }
      assertThat(serving.poll()).isEmpty();
      serving.close();
    }
  }

  @Test
  void aFloodOfRefusalsIsBoundedInWhatIsTold() {
    var result =
        Inside.python(
                sandbox,
                "import socket",
                "for i in range(3000):",
                "    s = socket.socket()",
                "    try:",
                "        s.connect(('198.51.100.%d' % (i % 200 + 1), 1 + i % 60000))",
                "        print('connected')",
                "    except OSError:",
                "        pass",
                "    s.close()",
                "print('done')")
            .await();
    assertThat(result.stdout()).isEqualTo("done\n");
    var refused =
        sandbox.connections().stream().filter(c -> c.verdict() == Verdict.REFUSED).toList();
    assertThat(refused).isNotEmpty().hasSizeLessThanOrEqualTo(10_000);
    assertThat(refused.stream().mapToLong(c -> Math.max(1, c.count())).sum())
        .isLessThanOrEqualTo(3000);
  }

  private String talk() {
    return Inside.python(
            sandbox,
            "import socket",
            "s = socket.create_connection(('host.sandbox', %d), timeout=20)"
                .formatted(allowed.port()),
            "s.sendall(b'echo\\n')",
            "print(s.makefile().readline(), end='')")
        .await()
        .stdout();
  }
}
