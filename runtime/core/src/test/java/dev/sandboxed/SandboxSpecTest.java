package dev.sandboxed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SandboxSpecTest {

  @Test
  void defaultsAreSafe() {
    var spec = Sandbox.builder().build();
    assertThat(spec.image()).isEqualTo(Image.host());
    assertThat(spec.timeout()).isEqualTo(Duration.ofMinutes(5));
    assertThat(spec.idleTimeout()).isEmpty();
    assertThat(spec.mounts()).isEmpty();
    assertThat(spec.network()).isEqualTo(NetworkSpec.closed());
    assertThat(spec.env()).isEmpty();
  }

  @Test
  void laterChangesOfTheBuilderDoNotReachASpec() {
    var builder = Sandbox.builder().env("A", "1");
    var spec = builder.build();
    builder.env("A", "2");
    assertThat(spec.env()).containsEntry("A", "1");
    assertThatThrownBy(() -> spec.env().put("B", "2"))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void aCopyKeepsEveryValue() {
    var spec =
        Sandbox.builder()
            .image(Image.directory(Path.of("/srv/root")))
            .command("server", "--port", "1")
            .env("A", "1")
            .secret(Secret.of("TOKEN", "s3cret"))
            .workdir("/srv")
            .mount("/work", Mount.readOnly(Path.of("/srv/work")))
            .volume("/cache", Volume.named("pip").subPath("a").readOnly())
            .memory(ByteSize.parse("64m"))
            .cpus(0.5)
            .disk(ByteSize.parse("1g"))
            .processes(9)
            .network(NetworkPolicy.allow("*.example.org"))
            .dns(new InetSocketAddress(InetAddress.getLoopbackAddress(), 5353))
            .port(8080)
            .join(new Network(), "db")
            .timeout(Duration.ofHours(24))
            .idleTimeout(Duration.ofMillis(1))
            .verbose(true)
            .build();
    assertThat(spec.toBuilder().build()).isEqualTo(spec);
  }

  @Test
  void aPortCountsOnce() {
    assertThat(Sandbox.builder().port(80).port(443).port(80).build().network().ports())
        .containsExactly(80, 443);
  }

  @Test
  void aSecretIsNeverPrinted() {
    var spec = Sandbox.builder().secret(Secret.of("TOKEN", "s3cret")).build();
    assertThat(spec.toString()).contains("TOKEN=***").doesNotContain("s3cret");
  }

  @Test
  void aCommandOf65536BytesIsFineAndOneMoreIsNot() {
    var longest = "é".repeat(32_767);
    assertThat(Sandbox.builder().command("ab", longest).build().command()).hasSize(2);
    assertThatThrownBy(() -> Sandbox.builder().command("abc", longest).build())
        .isInstanceOf(InvalidSpecException.class)
        .hasMessage(
            "The command has 65,537 bytes, more than the 65,536 allowed; pass long data by a file"
                + " or stdin");
  }

  static Stream<Arguments> misuse() {
    return Stream.of(
        misuse(
            b -> b.timeout(Duration.ZERO),
            "The timeout is PT0S; it must be more than zero and at most 24 hours"),
        misuse(
            b -> b.timeout(Duration.ofSeconds(-1)),
            "The timeout is PT-1S; it must be more than zero and at most 24 hours"),
        misuse(
            b -> b.timeout(Duration.ofHours(24).plusMillis(1)),
            "The timeout is PT24H0.001S; it must be more than zero and at most 24 hours"),
        misuse(
            b -> b.idleTimeout(Duration.ZERO),
            "The idle timeout is PT0S; it must be more than zero and at most 24 hours"),
        misuse(
            b -> b.workdir("work"),
            "The working directory \"work\" is not an absolute, normalised path; write it like"
                + " /work/src"),
        misuse(
            b -> b.mount("/a/../b", Mount.readOnly(Path.of("/x"))),
            "The mount target \"/a/../b\" is not an absolute, normalised path; write it like"
                + " /work/src"),
        misuse(
            b -> b.mount("/tmp", Mount.readOnly(Path.of("/x"))),
            "/x cannot be mounted at /tmp, which the sandbox needs itself; choose a path of its"
                + " own, such as /work"),
        misuse(
            b ->
                b.mount("/a", Mount.readOnly(Path.of("/x")))
                    .mount("/a", Mount.readOnly(Path.of("/y"))),
            "Two mounts have the target /a; use each target once"),
        misuse(
            b -> b.volume("/", Volume.named("pip")),
            "The volume pip cannot be mounted at /, which the sandbox needs itself; choose a path"
                + " of its own, such as /work"),
        misuse(
            b -> b.volume("/root", Volume.named("pip").readOnly()),
            "The volume pip (read-only) cannot be mounted at /root, which the sandbox needs itself;"
                + " choose a path of its own, such as /work"),
        misuse(
            b -> b.volume("/tmp", Volume.ofEphemeral("x1").subPath("a/b")),
            "The ephemeral volume x1:a/b cannot be mounted at /tmp, which the sandbox needs itself;"
                + " choose a path of its own, such as /work"),
        misuse(
            b -> b.volume("cache", Volume.named("pip")),
            "The volume target \"cache\" is not an absolute, normalised path; write it like"
                + " /work/src"),
        misuse(
            b -> b.volume("/cache/", Volume.named("pip")),
            "The volume target \"/cache/\" is not an absolute, normalised path; write it like"
                + " /work/src"),
        misuse(
            b ->
                b.volume("/a", Volume.named("pip"))
                    .volume("/b", Volume.named("pip").subPath("x").readOnly()),
            "The volume pip is mounted twice, at /a and at /b; mount each volume once, higher up if"
                + " several of its directories are needed"),
        misuse(
            b -> b.volume("/a", Volume.named("pip")).volume("/a", Volume.named("npm")),
            "Two volumes have the target /a; use each target once"),
        misuse(
            b -> b.mount("/a", Mount.readOnly(Path.of("/x"))).volume("/a", Volume.named("npm")),
            "A mount and the volume npm have the target /a; use each target once"),
        misuse(
            b -> b.volume("/a", Volume.named("../etc")),
            "\"../etc\" is not a name for a volume; use 1 to 63 letters, digits, '.', '_' and '-',"
                + " beginning with a letter or digit, such as pip-cache"),
        misuse(
            b -> b.volume("/a", Volume.named("a".repeat(64))),
            "\"%s\" is not a name for a volume; use 1 to 63 letters, digits, '.', '_' and '-',"
                    .formatted("a".repeat(64))
                + " beginning with a letter or digit, such as pip-cache"),
        misuse(
            b -> b.volume("/a", Volume.named("pip").subPath("a/../../b")),
            "The path \"a/../../b\" in a volume climbs up with '..'; write it from the volume's"
                + " top, like a/b"),
        misuse(
            b -> b.env("A=B", "1"),
            "\"A=B\" is not a name for an environment variable; it must not be empty or hold '='"),
        misuse(
            b -> b.env("A", "1").secret(Secret.of("A", "2")),
            "The environment variable A is given twice; a secret's name must be its only use"),
        misuse(
            b -> b.command("a\0b"),
            "The command argument \"a\\0b\" holds a NUL character; Linux ends strings there"),
        misuse(b -> b.command(""), "The command's first element is empty; name the program to run"),
        misuse(b -> b.cpus(0), "The cpu limit is 0.0; it must be from 0.01 to 4096 processors"),
        misuse(
            b -> b.memory(ByteSize.parse("1m")),
            "The memory limit is 1m; a sandbox needs 16m at least"),
        misuse(
            b -> b.disk(ByteSize.parse("1k")), "The disk limit is 1k; it must be 1 MiB at least"),
        misuse(b -> b.port(0), "There is no port 0; ports are numbers from 1 to 65535"),
        misuse(
            b -> IntStream.rangeClosed(1, 65).forEach(b::port),
            "The spec has 65 ports; it may have 64 at most"),
        misuse(
            b -> b.dns(new InetSocketAddress(InetAddress.getLoopbackAddress(), 5353)),
            "The DNS servers [localhost/127.0.0.1:5353] are given to a sandbox without a network;"
                + " add network(...) with a policy, or leave them out"),
        misuse(
            b ->
                b.network(NetworkPolicy.none())
                    .dns(InetSocketAddress.createUnresolved("dns.example", 53)),
            "\"dns.example/<unresolved>:53\" is not the address of a DNS server; give an IP address"
                + " and a port, such as new InetSocketAddress(\"127.0.0.1\", 5353)"),
        misuse(
            b -> b.join(new Network(), "Data base"),
            "\"Data base\" is not a name for a sandbox in a network; use 1 to 63 of a-z, 0-9 and -,"
                + " beginning with a letter, such as db"),
        misuse(
            b -> b.join(new Network(), "host"),
            "\"host\" is not a name for a sandbox in a network: inside, it means something else"
                + " already; choose another, such as db"),
        misuse(
            b -> {
              var network = new Network();
              b.join(network, "a").join(network, "b");
            },
            "The sandbox joins the same network twice, the second time as \"b\"; join it once"),
        misuse(b -> b.processes(0), "The limit of processes is 0; it must be 1 at least"));
  }

  @ParameterizedTest
  @MethodSource("misuse")
  void misuseNamesTheValueAndTheFix(Consumer<SandboxBuilder> change, String message) {
    assertThatThrownBy(
            () -> {
              var builder = Sandbox.builder();
              change.accept(builder);
              builder.build();
            })
        .isInstanceOf(InvalidSpecException.class)
        .hasMessage(message);
  }

  @Test
  void aSecretOfTheHostMustExist() {
    assertThatThrownBy(() -> Secret.fromHost("SANDBOXED_NO_SUCH_VARIABLE"))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessage(
            "The host has no environment variable SANDBOXED_NO_SUCH_VARIABLE to take a secret from;"
                + " set it, or use Secret.of");
  }

  private static final class Network implements SandboxNetwork {
    @Override
    public String id() {
      return "net-test";
    }

    @Override
    public void close() {}
  }

  private static Arguments misuse(Consumer<SandboxBuilder> change, String message) {
    return Arguments.of(change, message);
  }
}
