package dev.sandboxed.core.buildtools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DebianSourcesTest {
  private static final String SIGNED = "deb [signed-by=" + DebianSources.KEYRING + "] ";
  private static final String STANZAS =
      """
      # Debian's own
      Types: deb deb-src
      URIs: http://deb.example/debian
      Suites: bookworm
       bookworm-updates bookworm-backports
      Components: main contrib
      Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

      Types: deb
      URIs: http://security.example/debian-security
      Suites: bookworm-security
      Components: main

      Types: deb
      URIs: http://source.example/debian
      Suites: bookworm
      Components: main
      Enabled: no

      Types: deb-src
      URIs: http://source.example/debian
      Suites: bookworm
      Components: main
      """;

  @TempDir Path apt;

  @Test
  void should_take_the_hosts_own_archives_and_no_others() throws IOException {
    write("sources.list.d/debian.sources", STANZAS);
    write(
        "sources.list.d/others.list",
        """
        deb [signed-by=/usr/share/keyrings/vendor.gpg] https://vendor.example bookworm main
        deb http://tools.example/debian bookworm stable
        deb http://pg.example/debian bookworm-pgdg main
        deb cdrom:[Debian 12]/ bookworm main
        """);

    var sources = ofHost("bookworm", "bookworm");

    assertThat(sources.lines())
        .containsExactly(
            SIGNED + "http://deb.example/debian bookworm main contrib",
            SIGNED + "http://deb.example/debian bookworm-updates main contrib",
            SIGNED + "http://security.example/debian-security bookworm-security main");
    assertThat(sources.servers()).containsExactly("deb.example:80", "security.example:80");
    assertThat(sources.usesTls()).isFalse();
  }

  @Test
  void should_ask_the_same_servers_for_another_suite() throws IOException {
    write("sources.list.d/debian.sources", STANZAS);

    assertThat(ofHost("bookworm", "trixie").lines())
        .containsExactly(
            SIGNED + "http://deb.example/debian trixie main contrib",
            SIGNED + "http://deb.example/debian trixie-updates main contrib",
            SIGNED + "http://security.example/debian-security trixie-security main");
    assertThat(ofHost("bookworm", "sid").lines())
        .containsExactly(SIGNED + "http://deb.example/debian sid main contrib");
  }

  @Test
  void should_prefer_sources_of_the_suite_itself() throws IOException {
    write("sources.list.d/debian.sources", STANZAS);
    write("sources.list", "deb https://next.example/debian trixie main # next\n");

    var sources = ofHost("bookworm", "trixie");

    assertThat(sources.lines()).containsExactly(SIGNED + "https://next.example/debian trixie main");
    assertThat(sources.servers()).containsExactly("next.example:443");
    assertThat(sources.usesTls()).isTrue();
  }

  @Test
  void should_say_what_to_set_where_the_host_has_no_archive_of_debian() throws IOException {
    write("sources.list", "deb http://archive.example/ubuntu noble main\n");

    assertThatThrownBy(() -> DebianSources.ofHost(apt, Optional.empty(), "bookworm"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no archive of Debian with bookworm")
        .hasMessageContaining("-Dsandboxed.debian.mirror=");
  }

  @Test
  void should_take_over_what_apt_inside_needs_to_be_configured_with() throws IOException {
    write("sources.list", "deb http://localhost:8080/debian bookworm main\n");
    write(
        "apt.conf.d/50proxy",
        """
        Acquire { http { Proxy "http://127.0.0.1:3142/"; }; };
        Acquire::https::Proxy "http://me:hush@proxy.example:3128";
        Acquire::http::Proxy::deb.example DIRECT;
        """);
    write(
        "apt.conf",
        """
        Acquire::Check-Valid-Until "false";
        Acquire::Check-Date "rm -rf /";
        APT::Update::Post-Invoke "rm -rf /";
        """);

    var sources = ofHost("bookworm", "bookworm");

    assertThat(sources.lines())
        .containsExactly(SIGNED + "http://host.sandbox:8080/debian bookworm main");
    assertThat(sources.options())
        .containsExactlyInAnyOrder(
            "acquire::check-valid-until \"false\";",
            "acquire::http::proxy \"http://host.sandbox:3142\";",
            "acquire::http::proxy::deb.example \"DIRECT\";");
    assertThat(sources.servers())
        .containsExactlyInAnyOrder("host.sandbox:8080", "host.sandbox:3142");
    assertThat(sources.toString()).doesNotContain("hush");
  }

  @Test
  void should_take_a_mirror_by_setting_and_refuse_one_with_a_password() throws IOException {
    assertThat(DebianSources.at("https://mirror.example/debian", "sid", apt).lines())
        .containsExactly(SIGNED + "https://mirror.example/debian sid main");
    assertThatThrownBy(() -> DebianSources.at("https://me:hush@mirror.example/x", "sid", apt))
        .hasMessageContaining("credentials")
        .hasMessageNotContaining("hush");
    assertThatThrownBy(() -> DebianSources.at("ftp://mirror.example/x", "sid", apt))
        .hasMessageContaining("sandboxed.debian.mirror");
  }

  /** Whatever a file holds, it is read as some sources with an address and a suite. */
  @Property
  void should_never_fail_to_parse(@ForAll("texts") String text) {
    for (var name : List.of("a.list", "a.sources")) {
      assertThat(AptEntry.parse(name, text))
          .allSatisfy(
              source -> {
                assertThat(source.uri()).isNotBlank();
                assertThat(source.suite()).isNotBlank();
              });
    }
  }

  @Provide
  Arbitrary<String> texts() {
    var pieces =
        Arbitraries.of(
            "deb",
            "deb-src",
            "[",
            "]",
            "=",
            "#",
            ":",
            " ",
            "\n",
            "\n\n",
            "\t",
            "Types:",
            "URIs:",
            "Suites:",
            "Enabled:",
            "no",
            "http://a.example/",
            "b",
            "\u0000",
            "\r");
    return Arbitraries.oneOf(
        Arbitraries.strings().ofMaxLength(200),
        pieces.list().ofMaxSize(60).map(list -> String.join("", list)));
  }

  private DebianSources ofHost(String own, String suite) throws IOException {
    return DebianSources.ofHost(apt, Optional.of(own), suite);
  }

  private void write(String name, String text) throws IOException {
    var file = apt.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
