package dev.sandboxed.maven;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.sandboxed.Backend;
import dev.sandboxed.Backends;
import dev.sandboxed.maven.project.HostCaches;
import dev.sandboxed.maven.project.ProjectRecognizer;
import dev.sandboxed.maven.report.TestCounts;
import java.io.IOException;
import java.io.InputStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs a repository whose scripts attack who runs them: contained, reported, never interpreted.
 * What it does is in {@code hostile/attack.py}.
 */
class HostileRepositoryTest {
  private static @Nullable Backend backend;
  private final RecordingConsole console = new RecordingConsole();

  /** What no code inside may ever see. */
  private final String canary = "canary-" + UUID.randomUUID();

  @TempDir private Path temporary;
  private Path home;
  private Path checkout;
  private Path reports;

  @BeforeAll
  static void openBackend() {
    backend = Backends.open();
  }

  @AfterAll
  static void closeBackend() {
    if (backend != null) {
      backend.close();
    }
  }

  @BeforeEach
  void plantTheRepositoryAndWhatItIsAfter() throws IOException {
    home = Files.createDirectory(temporary.resolve("home"));
    reports = temporary.resolve("target/sandbox");
    checkout = Files.createDirectory(temporary.resolve("checkout"));
    write(home.resolve(".ssh/id_ed25519"), canary);
    write(home.resolve(".npmrc"), "_authToken=" + canary);
    write(home.resolve(".npm/_cacache/index"), "what npm has downloaded");
    write(checkout.resolve("kept.txt"), "kept");
    write(checkout.resolve("package.json"), "{\"scripts\": {\"test\": \"python3 attack.py\"}}");
    try (var attack = resource("hostile/attack.py")) {
      Files.copy(attack, checkout.resolve("attack.py"));
    }
    Files.createSymbolicLink(checkout.resolve("key"), home.resolve(".ssh/id_ed25519"));
  }

  @Test
  void findsNoKeysAndTokens() throws Exception {
    know(Map.of());
    var result = run("read", null, null, null);
    assertThat(result.isSuccess()).isFalse();
    assertThat(console.lines())
        .contains("| looked for keys, found 0", "| the cache is there", "| ssh-agent unknown");
    assertThat(everythingShown(result)).noneMatch(l -> l.contains(canary));
  }

  @Test
  void runsNoneOfItsScriptsWhereThereIsANetwork() throws Exception {
    assumeThat(Stream.of(System.getenv("PATH").split(":")).map(p -> Path.of(p, "npm")))
        .as("npm is there")
        .anyMatch(Files::isExecutable);
    know(Map.of());
    var scripts =
        Stream.of("preinstall", "install", "postinstall", "prepare", "prepublish")
            .map(n -> "\"%s\": \"touch /work/owned-%s /srv/owned\"".formatted(n, n))
            .collect(Collectors.joining(", "));
    // Another name each time: nothing is kept of another run of this test.
    var name = "hostile-" + UUID.randomUUID();
    write(
        checkout.resolve("package.json"),
        """
        {"name": "%s", "version": "1.0.0", "dependencies": {"worm": "file:worm"},
         "scripts": {%s, "test": "ls -d node_modules/worm; ls /work /srv; python3 attack.py read"}}
        """
            .formatted(name, scripts));
    write(
        checkout.resolve("package-lock.json"),
        """
        {"name": "%s", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": {
          "": {"name": "%s", "version": "1.0.0", "dependencies": {"worm": "file:worm"}},
          "node_modules/worm": {"resolved": "worm", "link": true},
          "worm": {"name": "worm", "version": "1.0.0"}}}
        """
            .formatted(name, name));
    write(
        checkout.resolve("worm/package.json"),
        "{\"name\": \"worm\", \"version\": \"1.0.0\", \"scripts\": {" + scripts + "}}");

    var result = run(null, null, null, null);

    assertThat(result.steps().get(0).status().isSuccess()).as("the installation").isTrue();
    assertThat(console.lines())
        .contains("| node_modules/worm", "| attack.py", "| looked for keys, found 0")
        .noneMatch(l -> l.contains("owned"));
  }

  @Test
  void reachesNobodyAndIsReported() throws Exception {
    try (var tcp = ServerSocketChannel.open();
        var udp = DatagramChannel.open()) {
      tcp.bind(null).configureBlocking(false);
      var port = ((InetSocketAddress) tcp.getLocalAddress()).getPort();
      udp.bind(new InetSocketAddress(port)).configureBlocking(false);
      var addresses = addresses();
      know(Map.of("port", "" + port, "addresses", String.join(",", addresses)));

      var result = run("post", null, "none", null);

      // Whoever had come would still wait in the queue.
      assertThat(tcp.accept()).isNull();
      assertThat(udp.receive(ByteBuffer.allocate(64))).isNull();
      assertThat(console.lines())
          .doesNotContain("| posted 0")
          .anyMatch(l -> l.startsWith("| resolved nothing"));
      assertThat(result.isSuccess()).isTrue();
      var report = Files.readString(reports.resolve("network.txt"));
      assertThat(report)
          .contains("refused\ttcp://169.254.169.254:80\t1\t0\t0\t")
          .contains("refused\ttcp://198.51.100.7:443\t1\t0\t0\t")
          .contains("stolen.attacker.example.org");
      for (var address : addresses) {
        if (!address.startsWith("127.")) {
          assertThat(report).contains("refused\ttcp://" + address + ":" + port + "\t1\t0\t0\t");
        }
      }
      assertThat(everythingShown(result))
          .anyMatch(l -> l.startsWith("WARNING   tcp://169.254.169.254:80: "));
    }
  }

  @Test
  void leavesNothingBehind() throws Exception {
    var outside = temporary.resolve("outside");
    know(Map.of("outside", outside.toString()));
    var before = files(temporary);

    var result = run("write", null, null, null);

    assertThat(result.isSuccess()).isTrue();
    // It could write all the same: nothing of it was on the host.
    assertThat(console.lines())
        .contains("| wrote " + outside + "/left", "| wrote /etc/passwd", "| wrote ../left");
    assertThat(files(temporary)).isEqualTo(before);
    assertThat(outside).doesNotExist();
    assertThat(Path.of("/etc/cron.d/left")).doesNotExist();
  }

  @Test
  void endsAlsoWhenItForksForEver() throws Exception {
    know(Map.of());
    write(checkout.resolve("pom.xml"), "<project/>");
    var before = ProcessHandle.current().descendants().count();

    var result = run("fork reports", 32, null, "2m");

    assertThat(console.lines()).contains("| forked");
    assertThat(result.isSuccess()).isTrue();
    assertThat(result.reports().counts().tests()).isEqualTo(3);
    assertThat(ProcessHandle.current().descendants().count()).isLessThanOrEqualTo(before);
  }

  @Test
  void makesUpTestReports() throws Exception {
    know(Map.of());
    write(checkout.resolve("pom.xml"), "<project/>");
    write(
        checkout.resolve("target/surefire-reports/TEST-old.xml"),
        "<testsuite name='old'><testcase name='old'/></testsuite>");

    var result = run("reports", null, null, null);

    // Three are well-formed, and a suite may lie; the rest is left out.
    var collected = result.reports();
    assertThat(collected.counts()).isEqualTo(new TestCounts(3, 0, 0, 0));
    assertThat(collected.files())
        .containsExactlyInAnyOrder(
            reports.resolve("TEST-.._.._.._.._outside.xml"),
            reports.resolve("TEST-nul.xml"),
            reports.resolve("TEST-line.xml"))
        .allMatch(f -> f.toFile().length() < 10_000);
    assertThat(collected.problems())
        .contains(
            "The test report TEST-laughs.xml is left out: it has a document type, which no test"
                + " report needs",
            "The test report TEST-external.xml is left out: it has a document type, which no test"
                + " report needs",
            "The test report TEST-deep.xml is left out: its elements are nested more than 64 deep",
            "The test report TEST-huge.xml has 1,099,511,627,776 bytes, more than the 33,554,432"
                + " read of one; it is left out",
            "The test report TEST-control\\u001b[2J\\u202e\\u0007::error::x.xml is left out: its"
                + " root element is not a test suite")
        .anyMatch(p -> p.startsWith("The test report TEST-wide.xml is left out: "))
        .anyMatch(p -> p.startsWith("The test report TEST-entity.xml is left out: "))
        .anyMatch(p -> p.startsWith("The test report TEST-binary.xml is left out: "))
        .anyMatch(p -> p.startsWith("The test report TEST-utf-16.xml is left out: "))
        .hasSize(9);
    assertThat(everythingShown(result)).allSatisfy(HostileRepositoryTest::isHarmless);
  }

  @Test
  void isShownAndNotActedOn() throws Exception {
    know(Map.of());
    write(checkout.resolve("pom.xml"), "<project/>");

    var result = run("show", null, null, null);

    assertThat(result.isSuccess()).isFalse();
    assertThat(result.reports().problems()).isEmpty();
    assertThat(result.reports().counts().failures()).isEqualTo(44);
    assertThat(console.lines())
        .contains(
            "| \\u001b]0;title\\u0007",
            "| : :error file=a::x",
            "|   : :add-mask::x",
            "| # #[error]x",
            "| [INFO] BUILD SUCCESS")
        .anyMatch(l -> l.endsWith("end of the bytes"));
    assertThat(everythingShown(result)).allSatisfy(HostileRepositoryTest::isHarmless);
    try (var written = Files.list(reports)) {
      assertThat(written)
          .isNotEmpty()
          .allMatch(f -> f.getFileName().toString().matches("TEST-[A-Za-z0-9._-]+\\.xml"));
    }
  }

  /**
   * What a terminal and the known CI servers do not act on: GitHub and Forgejo take {@code ::}
   * where a line begins, any blanks aside, and {@code ##[} anywhere, as Azure and TeamCity do.
   */
  private static void isHarmless(String line) {
    assertThat(line.codePoints().filter(c -> c != '\t'))
        .as(line)
        .noneMatch(c -> Character.isISOControl(c))
        .noneMatch(c -> Character.getType(c) == Character.FORMAT)
        .noneMatch(c -> c == 0x2028 || c == 0x2029);
    assertThat(line.replaceAll("^[\\s\\p{Z}\\x{feff}]+", "")).doesNotStartWith("::");
    assertThat(line).doesNotContain("##[", "##vso[", "##teamcity[");
  }

  /** Returns what a console would have shown, as its lines. */
  private List<String> everythingShown(RunResult result) {
    var summary = new RunSummary(console);
    summary.add(parser("", null, null, null).parse(checkout, reports), result);
    summary.show();
    return Stream.concat(console.lines().stream(), summary.failure().stream())
        .flatMap(l -> Stream.of(l.split("\n", -1)))
        .toList();
  }

  private RunResult run(
      @Nullable String attacks,
      @Nullable Integer processes,
      @Nullable String network,
      @Nullable String timeout)
      throws IOException, UnrecognisedProjectException, MissingToolException {
    var caches = new HostCaches(home.resolve(".m2/repository"), Optional.empty(), home, Map.of());
    var run =
        new SandboxRun(Objects.requireNonNull(backend), new ProjectRecognizer(caches), console);
    return run.run(parser(attacks, processes, network, timeout).parse(checkout, reports));
  }

  private static ParameterParser parser(
      @Nullable String attacks,
      @Nullable Integer processes,
      @Nullable String network,
      @Nullable String timeout) {
    return new ParameterParser(
        ".",
        attacks == null ? null : "python3 attack.py " + attacks,
        null,
        null,
        null,
        null,
        processes,
        timeout == null ? "5m" : timeout,
        new ImageParameters("host", null, null, null, null),
        null,
        null,
        false,
        new NetworkParameters(network == null ? null : List.of(network), null),
        new VolumeParameters(null));
  }

  /**
   * Tells the scripts what an attacker may have found out; the marker backwards, to find no self.
   */
  private void know(Map<String, String> more) throws IOException {
    var known = new TreeMap<>(more);
    known.put("home", home.toString());
    known.put("marker", new StringBuilder(canary).reverse().toString());
    var text =
        known.entrySet().stream()
            .map(e -> e.getKey() + "=" + e.getValue() + "\n")
            .collect(Collectors.joining());
    write(checkout.resolve("known.txt"), text);
  }

  /** Returns where this machine listens: its own loopback and its addresses in networks. */
  private static List<String> addresses() throws IOException {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .filter(a -> a instanceof Inet4Address)
        .map(InetAddress::getHostAddress)
        .toList();
  }

  /** Returns what lies below a directory: the text of files, where links lead to, and times. */
  private static Map<String, String> files(Path top) throws IOException {
    var files = new TreeMap<String, String>();
    try (var found = Files.walk(top)) {
      for (var file : found.filter(f -> !f.startsWith(top.resolve("target"))).toList()) {
        var content =
            Files.isSymbolicLink(file)
                ? "-> " + Files.readSymbolicLink(file)
                : Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    ? Files.readString(file)
                    : "";
        files.put(
            top.relativize(file).toString(),
            content + " " + Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS));
      }
    }
    files.remove("");
    return files;
  }

  private static InputStream resource(String name) {
    return Objects.requireNonNull(HostileRepositoryTest.class.getResourceAsStream(name), name);
  }

  private static void write(Path path, String text) throws IOException {
    Files.createDirectories(path.getParent());
    Files.write(path, text.getBytes(UTF_8));
  }
}
