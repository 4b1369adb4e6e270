package dev.sandboxed.core.buildtools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.sandboxed.NetworkPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AptSourcesTest {
  @Test
  void lines_name_servers() {
    var sources =
        AptSources.of(
            Map.of(
                "sources.list",
                "# deb http://comment.example.org/ x main\n"
                    + "deb http://deb.example.org/debian bookworm main\r\n"
                    + "  deb-src [arch=amd64 signed-by=/k.gpg] https://src.example.org:8443 x"
                    + " main\n"
                    + "deb [trusted=yes] http://user:word@login.example.org/ ./\n"
                    + "deb cdrom:[Debian]/ x main\n"
                    + "deb file:/srv/x ./\n"
                    + "deb mirror+https://mirrors.example.org/list x main\n"
                    + "deb mirror://old.example.org/list x main\n"
                    + "deb http://cut.example.org/\n"));
    assertThat(sources.hosts())
        .extracting(ReachableHost::pattern)
        .containsExactly(
            "deb.example.org:80",
            "src.example.org:8443",
            "login.example.org:80",
            "mirrors.example.org:443",
            "old.example.org:80");
    assertThat(sources.usesTls()).isTrue();
    assertThat(sources.toString()).doesNotContain("word");
  }

  @Test
  void stanzas_name_servers() {
    var sources =
        AptSources.of(
            Map.of(
                "sources.list.d/debian.sources",
                "Types: deb\n"
                    + "# URIs: http://comment.example.org/\n"
                    + "URIs: http://a.example.org/debian\n"
                    + "  https://b.example.org/debian\n"
                    + "# between\n"
                    + "\thttp://c.example.org/\n"
                    + "Suites: bookworm http://suite.example.org/\n\n\n"
                    + "Types: deb\n"
                    + "URIs: http://off.example.org\n"
                    + "Enabled: no\n\n"
                    + "uris:http://d.example.org\n"
                    + "enabled: yes"));
    assertThat(sources.hosts())
        .extracting(ReachableHost::pattern)
        .containsExactly(
            "a.example.org:80", "b.example.org:443", "c.example.org:80", "d.example.org:80");
  }

  @Test
  void proxies_are_servers() {
    var sources =
        AptSources.of(
            Map.of(
                "apt.conf.d/01proxy",
                "// Acquire::http::Proxy \"http://comment.example.org\";\n"
                    + "Acquire::HTTP::Proxy \"http://user:word@one.example.org:3128/\";\n"
                    + "Acquire { https { Proxy \"http://two.example.org:3128\"; Timeout \"1\"; };\n"
                    + "  /* http::Proxy \"http://off.example.org\"; */\n"
                    + "  http::Proxy::deb.example.org \"http://three.example.org:3128\"; };\n"
                    + "Acquire::http::Proxy::local.example.org \"DIRECT\";\n"
                    + "Other::http::Proxy \"http://other.example.org\";\n"
                    + "Acquire::http::Proxy http://four.example.org;\n"));
    assertThat(sources.hosts())
        .extracting(ReachableHost::pattern)
        .containsExactlyInAnyOrder(
            "one.example.org:3128",
            "two.example.org:3128",
            "three.example.org:3128",
            "four.example.org:80");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://localhost/", "http://127.0.0.1:8080/", "http://[::1]/", "http://host.sandbox:5432/",
        "http://HOST.sandbox./", "http://10.1.2.3/", "http://169.254.169.254/", "http://[fd00::1]/",
        "http://198.51.100.7/", "http://0.0.0.0/", "http://intranet/", "http://2130706433/"
      })
  void an_image_opens_neither_the_host_nor_an_address(String url) {
    var sources = AptSources.of(Map.of("sources.list", "deb " + url + " x main"));
    assertThat(sources.policy(AptSources.none())).isEqualTo(NetworkPolicy.none());
  }

  @Test
  void names_of_an_image_stay_closed_where_they_are_private() {
    var line = "deb http://deb.example.org/debian bookworm main";
    var sources = AptSources.of(Map.of("sources.list", line));
    assertThat(sources.policy(AptSources.none()))
        .isEqualTo(NetworkPolicy.allow("deb.example.org:80"));
    assertThat(sources.policy(sources)).isEqualTo(NetworkPolicy.allowPrivate("deb.example.org:80"));
  }

  @Test
  void addresses_are_open_if_the_users_own_apt_has_them() {
    var sources = AptSources.of(Map.of("sources.list", "deb http://10.1.2.3/debian x main"));
    assertThat(sources.policy(sources)).isEqualTo(NetworkPolicy.allowPrivate("10.1.2.3:80"));
  }

  @Test
  void other_files_are_not_read() {
    var line = "deb http://deb.example.org/debian bookworm main";
    for (var name :
        new String[] {
          "sources.list.d/x.list.save",
          "sources.list.d/../x.list",
          "x.list",
          "auth.conf",
          "apt.conf.d/x.dpkg-old",
          "sources.list.d/x y.list"
        }) {
      assertThat(AptSources.of(Map.of(name, line)).hosts()).isEmpty();
    }
  }

  @Test
  void the_hosts_own_files_are_read(@TempDir Path directory) throws IOException {
    Files.createDirectories(directory.resolve("sources.list.d"));
    Files.writeString(
        directory.resolve("sources.list.d/x.sources"), "URIs: http://a.example.org\n");
    Files.writeString(directory.resolve("sources.list"), "deb http://b.example.org/ x main\n");
    assertThat(AptSources.in(directory).hosts())
        .extracting(ReachableHost::host)
        .containsExactlyInAnyOrder("a.example.org", "b.example.org");
    assertThat(AptSources.in(directory.resolve("missing")).hosts()).isEmpty();
  }

  @Test
  void what_is_read_is_bounded() {
    var text = new StringBuilder();
    for (var i = 0; i < 1000; i++) {
      text.append("deb http://h").append(i).append(".example.org/ x main\n");
    }
    assertThat(AptSources.of(Map.of("sources.list", text.toString())).hosts())
        .hasSize(AptSources.MAX_SERVERS);
    var late = "#".repeat(AptSources.MAX_BYTES) + "\ndeb http://a.example.org/ x main\n";
    assertThat(AptSources.of(Map.of("sources.list", late)).hosts()).isEmpty();
  }

  @Property(tries = 2000)
  void anything_may_stand_in_the_files(@ForAll("names") String name, @ForAll("texts") String text) {
    assertThatCode(
            () -> {
              var sources = AptSources.of(Map.of(name, text));
              assertThat(sources.hosts()).hasSizeLessThanOrEqualTo(AptSources.MAX_SERVERS);
              var policy = sources.policy(AptSources.none());
              assertThat(policy.allowed())
                  .noneMatch(rule -> rule.allowsPrivateAddresses())
                  .noneMatch(rule -> rule.text().startsWith("host.sandbox"));
              assertThat(policy.allowsEverything()).isFalse();
              sources.policy(sources);
            })
        .doesNotThrowAnyException();
  }

  @Provide
  Arbitrary<String> names() {
    return Arbitraries.of("sources.list", "sources.list.d/a.sources", "apt.conf", "apt.conf.d/a");
  }

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.of(
            "deb ",
            "deb-src",
            " [a=b] ",
            "URIs:",
            "Enabled: no",
            "\n",
            "\n\n",
            " ",
            "#",
            "//",
            "/*",
            "*/",
            "{",
            "}",
            ";",
            "\"",
            "Acquire",
            "::http::Proxy ",
            "http",
            "https://",
            "a",
            "a.example.org",
            "host.sandbox",
            "10.0.0.1",
            "[::1]",
            "_x._y",
            "*.",
            "xn--",
            ".",
            ":80",
            ":0",
            ":99999",
            "@",
            "/",
            "\0",
            "\u00fc",
            "\ud83d",
            "x main",
            "mirror+",
            "-")
        .list()
        .ofMaxSize(40)
        .map(parts -> String.join("", parts));
  }
}
