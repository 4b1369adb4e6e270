package dev.sandboxed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sandboxed.NetworkRule.PortRange;
import dev.sandboxed.NetworkRule.Protocol;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NetworkPolicyTest {

  @Test
  void none_allows_nothing() {
    assertThat(NetworkPolicy.none().allowsNothing()).isTrue();
    assertThat(NetworkPolicy.none()).hasToString("nothing");
  }

  @ParameterizedTest
  @CsvSource({
    "example.org,             example.org,       , ",
    "Example.ORG.,            example.org,       , ",
    "*.example.org,           *.example.org,     , ",
    "_sip.example.org,        _sip.example.org,  , ",
    "host.sandbox:5432,       host.sandbox,      , 5432",
    "db,                      db,                , ",
    "xn--bcher-kva.example,   xn--bcher-kva.example, , ",
    "tcp://example.org:443,   example.org,       , 443",
    "example.org:8000-8100,   example.org,       , 8000-8100",
    "203.0.113.7,             , 203.0.113.7/32,  ",
    "203.0.113.0/24,          , 203.0.113.0/24,  ",
    "203.0.113.0/24:1-65535,  , 203.0.113.0/24,  1-65535",
    "127.0.0.1:8080,          , 127.0.0.1/32,    8080",
    "2001:db8::1,             , 2001:db8:0:0:0:0:0:1/128, ",
    "2001:db8::/32,           , 2001:db8:0:0:0:0:0:0/32, ",
    "[2001:db8::1],           , 2001:db8:0:0:0:0:0:1/128, ",
    "[2001:db8::1]:443,       , 2001:db8:0:0:0:0:0:1/128, 443",
    "[2001:db8::/32]:443,     , 2001:db8:0:0:0:0:0:0/32, 443",
    "[2001:db8::]/32:443,     , 2001:db8:0:0:0:0:0:0/32, 443",
  })
  void a_pattern_is_read(String pattern, String domain, String cidr, String ports) {
    var rule = NetworkPolicy.allow(pattern).allowed().get(0);
    assertThat(rule.text()).isEqualTo(pattern);
    assertThat(rule.domain()).isEqualTo(Optional.ofNullable(domain));
    assertThat(rule.cidr()).isEqualTo(Optional.ofNullable(cidr));
    assertThat(rule.ports())
        .extracting(PortRange::toString)
        .isEqualTo(ports == null ? List.of() : List.of(ports));
    assertThat(rule.protocols()).containsExactly(Protocol.TCP);
    assertThat(rule.allowsPrivateAddresses()).isFalse();
  }

  @Test
  void datagrams_are_named() {
    assertThat(NetworkPolicy.allow("udp://198.51.100.7:123").allowed().get(0).protocols())
        .containsExactly(Protocol.UDP);
  }

  @Test
  void a_denial_is_about_both_protocols_unless_it_names_one() {
    assertThat(NetworkPolicy.deny("198.51.100.7").denied().get(0).protocols())
        .containsExactly(Protocol.TCP, Protocol.UDP);
    assertThat(NetworkPolicy.deny("tcp://198.51.100.7").denied().get(0).protocols())
        .containsExactly(Protocol.TCP);
  }

  @Test
  void a_port_of_every_host_can_be_denied() {
    var rule = NetworkPolicy.deny("*:25").denied().get(0);
    assertThat(rule.domain()).isEmpty();
    assertThat(rule.cidr()).isEmpty();
    assertThat(rule.ports()).containsExactly(new PortRange(25, 25));
  }

  @Test
  void private_addresses_are_opened_for_names_only() {
    var rules = NetworkPolicy.allowPrivate("db.corp.example:5432", "10.0.0.0/8").allowed();
    assertThat(rules).extracting(NetworkRule::allowsPrivateAddresses).containsExactly(true, false);
  }

  @Test
  void policies_are_joined() {
    var policy =
        NetworkPolicy.allow("*.example.org")
            .and(NetworkPolicy.allowPrivate("db.example.com:5432"))
            .and(NetworkPolicy.deny("admin.example.org"));
    assertThat(policy)
        .hasToString("*.example.org, db.example.com:5432 (private); not admin.example.org");
    assertThat(policy.allowsNothing()).isFalse();
    assertThat(policy.allowsEverything()).isFalse();
  }

  @Test
  void everything_stays_everything_when_it_is_joined() {
    var policy = NetworkPolicy.none().and(NetworkPolicy.everything());
    assertThat(policy).isEqualTo(NetworkPolicy.everything());
    assertThat(policy.and(NetworkPolicy.deny("203.0.113.0/24", "*:25")))
        .hasToString("everything; not 203.0.113.0/24, *:25");
  }

  @Test
  void build_tools_are_a_mark_that_stays() {
    var policy = NetworkPolicy.buildTools().and(NetworkPolicy.allow("example.org"));
    assertThat(policy.usesBuildTools()).isTrue();
    assertThat(NetworkPolicy.buildTools().allowsNothing()).isFalse();
    assertThat(policy).hasToString("build tools, example.org");
    assertThat(policy).isNotEqualTo(NetworkPolicy.allow("example.org"));
  }

  @Test
  void settings_are_patterns_and_words() {
    assertThat(NetworkPolicy.parse(List.of())).isEqualTo(NetworkPolicy.none());
    assertThat(NetworkPolicy.parse(List.of("none"))).isEqualTo(NetworkPolicy.none());
    assertThat(NetworkPolicy.parse(List.of("everything"))).isEqualTo(NetworkPolicy.everything());
    assertThat(
            NetworkPolicy.parse(
                List.of("build-tools", "private:db.example:5432", "203.0.113.0/24")))
        .isEqualTo(
            NetworkPolicy.buildTools()
                .and(NetworkPolicy.allowPrivate("db.example:5432"))
                .and(NetworkPolicy.allow("203.0.113.0/24")));
    assertThatThrownBy(() -> NetworkPolicy.parse(List.of("private:")))
        .isInstanceOf(InvalidSpecException.class);
  }

  @Test
  void denials_alone_allow_nothing() {
    assertThat(NetworkPolicy.deny("example.org").allowsNothing()).isTrue();
  }

  @Test
  void a_rule_counts_once() {
    var policy =
        NetworkPolicy.allow("example.org", "EXAMPLE.org").and(NetworkPolicy.allow("example.org"));
    assertThat(policy.allowed()).hasSize(1);
    assertThat(policy).isEqualTo(NetworkPolicy.allow("example.org"));
  }

  @Test
  void a_policy_is_not_changed_through_what_it_returns() {
    var allowed = NetworkPolicy.allow("example.org").allowed();
    assertThatThrownBy(allowed::clear).isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void a_policy_of_1000_rules_is_fine_and_one_more_is_not() {
    var patterns = IntStream.range(0, 1000).mapToObj(i -> "host" + i + ".example.org").toList();
    var policy = NetworkPolicy.allow(patterns);
    assertThat(policy.allowed()).hasSize(1000);
    assertThatThrownBy(() -> policy.and(NetworkPolicy.deny("example.com")))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessage(
            "A network policy of 1,001 rules is too large; use 1,000 at most: wildcards and blocks"
                + " cover many destinations");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|it is empty; write a name, an address or a block, such as *.example.org:443",
        "example.org example.com|it holds white space; give each pattern by itself, without any",
        "https://example.org|\"https\" is not tcp or udp; write only the host and perhaps a port,"
            + " such as example.org:443",
        "example.org/path|it has a path; write only the host and perhaps a port: a policy cannot"
            + " see what is asked of a server",
        "*|it names every host; use NetworkPolicy.everything(), and deny what must stay closed",
        "*:443|it names every host; use NetworkPolicy.everything(), and deny what must stay closed",
        "0.0.0.0/0|it names every address; use NetworkPolicy.everything(), and deny what must stay"
            + " closed",
        "::/0|it names every address; use NetworkPolicy.everything(), and deny what must stay"
            + " closed",
        "example.*|it has a * that is not its first part; write *. in front of a name, such as"
            + " *.example.org, for all names below it",
        "*.*.org|it has a * that is not its first part; write *. in front of a name, such as"
            + " *.example.org, for all names below it",
        "*.|\"\" is not a part of a name; parts have 1 to 63 letters, digits, - and _, and no - at"
            + " either end",
        "a..org|\"\" is not a part of a name; parts have 1 to 63 letters, digits, - and _, and no -"
            + " at either end",
        "-a.org|\"-a\" is not a part of a name; parts have 1 to 63 letters, digits, - and _, and no"
            + " - at either end",
        "b\u00fccher.example|its name is not ASCII; write it as programs look it up:"
            + " xn--bcher-kva.example",
        "localhost:8080|inside, localhost is the sandbox itself; write host.sandbox and a port,"
            + " such as host.sandbox:5432, for a server on the host",
        ":443|it names no host; write one before the port, such as example.org:443",
        "example.org:|\"\" is not a port; write a number from 1 to 65535, or a range such as"
            + " 8000-8100; leave it out for every port",
        "example.org:http|\"http\" is not a port; write a number from 1 to 65535, or a range such"
            + " as 8000-8100; leave it out for every port",
        "example.org:0|there are no ports 0; write a number from 1 to 65535, or a range from a"
            + " lower to a higher one",
        "example.org:65536|there are no ports 65536; write a number from 1 to 65535, or a range"
            + " from a lower to a higher one",
        "example.org:90-80|there are no ports 90-80; write a number from 1 to 65535, or a range"
            + " from a lower to a higher one",
        "example.0x7f|its name ends in a number, which programs take as an IP address; write"
            + " addresses like 203.0.113.7",
        "example.127|its name ends in a number, which programs take as an IP address; write"
            + " addresses like 203.0.113.7",
        "256.0.0.1|\"256.0.0.1\" is not an IP address; write IPv4 with four numbers, such as"
            + " 203.0.113.7",
        "10.1|\"10.1\" is not an IP address; write IPv4 with four numbers, such as 203.0.113.7",
        "010.0.0.1|\"010.0.0.1\" is not an IP address; write IPv4 with four numbers, such as"
            + " 203.0.113.7",
        "2001:db8::1::|\"2001:db8::1::\" is not an IP address; write IPv6 like 2001:db8::1, or"
            + " [2001:db8::1]:443 with a port",
        "203.0.113.7/24|203.0.113.7 is not the first address of a block of 24 bits; write"
            + " 203.0.113.0/24 for the block, or 203.0.113.7 for the one address",
        "203.0.113.0/33|\"/33\" is not the length of a prefix; write a number from 0 to 32 after"
            + " the slash, such as /24; a policy knows no paths",
        "203.0.113.0/|\"/\" is not the length of a prefix; write a number from 0 to 32 after the"
            + " slash, such as /24; a policy knows no paths",
        "[::ffff:10.0.0.1]:80|it is IPv4 written as IPv6; write 10.0.0.1/32",
        "::ffff:a00:0/104|it is IPv4 written as IPv6; write 10.0.0.0/8",
      })
  void what_is_no_pattern_is_refused_with_the_way_to_mend_it(String pattern, String message) {
    assertThatThrownBy(() -> NetworkPolicy.allow(pattern))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessage("\"%s\" is not a network pattern: %s".formatted(pattern, message));
  }

  @Test
  void a_password_in_a_pattern_is_not_printed() {
    assertThatThrownBy(() -> NetworkPolicy.allow("https://me:s3cret@example.org"))
        .hasMessage(
            "\"***@example.org\" is not a network pattern: it names a user; leave the part"
                + " before the @ out; a policy needs none");
    assertThatThrownBy(() -> NetworkPolicy.allow("me:s3cr/et@example.org"))
        .message()
        .doesNotContain("s3cr", "et@");
  }

  @Test
  void every_host_is_not_denied_by_a_rule() {
    assertThatThrownBy(() -> NetworkPolicy.deny("*"))
        .hasMessage(
            "\"*\" is not a network pattern: it denies every host; leave it out: what no rule"
                + " allows is closed, or add a port");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 65_536})
  void a_range_has_ports(int port) {
    assertThatThrownBy(() -> new PortRange(port, 80))
        .hasMessage("There is no port %d; ports are numbers from 1 to 65535".formatted(port));
  }

  @Property
  void any_text_is_a_pattern_or_refused_with_a_message(
      @ForAll @StringLength(max = 80) String text) {
    refusedClearlyOrRead(text);
  }

  @Property
  void text_like_a_pattern_is_one_or_refused_with_a_message(@ForAll @From("almost") String text) {
    refusedClearlyOrRead(text);
  }

  @Property
  void a_block_is_the_first_address_and_all_others_are_refused(
      @ForAll int address, @ForAll @IntRange(min = 1, max = 32) int prefix) {
    var text = dotted(address) + "/" + prefix;
    var first = address & (-1 << (32 - prefix));
    if (first == address) {
      assertThat(NetworkPolicy.allow(text).allowed().get(0).cidr()).contains(text);
    } else {
      assertThatThrownBy(() -> NetworkPolicy.allow(text))
          .hasMessageContaining("write %s/%d for the block".formatted(dotted(first), prefix));
    }
  }

  @Provide
  Arbitrary<String> almost() {
    return Arbitraries.of(
            "*",
            ".",
            ":",
            "/",
            "-",
            "[",
            "]",
            "@",
            "tcp://",
            "udp://",
            "example",
            "org",
            "10",
            "203.0.113.7",
            "::",
            "2001:db8",
            "ffff",
            "255",
            "0",
            "443",
            "65536",
            "\u00fc",
            "_")
        .list()
        .ofMaxSize(8)
        .map(parts -> String.join("", parts));
  }

  private static void refusedClearlyOrRead(String text) {
    var refusal = catchThrowable(() -> NetworkPolicy.allow(text));
    if (refusal == null) {
      var rule = NetworkPolicy.allow(text).allowed().get(0);
      assertThat(rule.domain().isPresent()).isNotEqualTo(rule.cidr().isPresent());
      // What a rule shows of itself means the same when it is read again.
      var host = rule.domain().orElseGet(() -> "[" + rule.cidr().orElseThrow() + "]");
      assertThat(host).isPrintable();
      assertThat(NetworkPolicy.allow(host.replaceAll("^\\[(\\d+\\..*)]$", "$1")).allowed().get(0))
          .extracting(NetworkRule::domain, NetworkRule::cidr)
          .containsExactly(rule.domain(), rule.cidr());
    } else {
      assertThat(refusal)
          .isInstanceOf(InvalidSpecException.class)
          .hasMessageMatching("(?s)\"[^\\p{Cntrl}]*\" is not a network pattern: .+; .+");
    }
  }

  private static String dotted(int address) {
    return "%d.%d.%d.%d"
        .formatted(address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255);
  }
}
