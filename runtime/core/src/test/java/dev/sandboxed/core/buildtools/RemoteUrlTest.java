package dev.sandboxed.core.buildtools;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RemoteUrlTest {
  private static final String SECRET = "S3cret";

  @ParameterizedTest
  @CsvSource({
    "https://a.example, a.example, 443, https://a.example",
    "HTTP://A.Example./x/y, a.example, 80, http://a.example/x/y",
    "https://a.example:8443/x, a.example, 8443, https://a.example:8443/x",
    "https://a.example:443/x, a.example, 443, https://a.example/x",
    "https://u:p@a.example/x?q=1#f, a.example, 443, https://a.example/x",
    "https://u:p@b@a.example/x, a.example, 443, https://a.example/x",
    "https://a.example/@scope/x, a.example, 443, https://a.example/@scope/x",
    "sparse+https://a.example/i/, a.example, 443, https://a.example/i/",
    "http://192.0.2.7:8081/, 192.0.2.7, 8081, http://192.0.2.7:8081/",
    "'https://[2001:DB8::1]:8443/x', 2001:db8::1, 8443, 'https://[2001:db8::1]:8443/x'",
    "https://bücher.example/x, xn--bcher-kva.example, 443, https://xn--bcher-kva.example/x",
  })
  void reads_what_servers_are_called(String text, String host, int port, String clean) {
    assertThat(RemoteUrl.parse(text))
        .hasValueSatisfying(
            url -> {
              assertThat(url.host()).isEqualTo(host);
              assertThat(url.port()).isEqualTo(port);
              assertThat(url.clean()).contains(clean);
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a.example",
        "file:///etc/passwd",
        "ftp://a.example/",
        "https://",
        "https:///x",
        "https://a.example:0/",
        "https://a.example:65536/",
        "https://a.example:port/",
        "https://a b.example/",
        "https://-a.example/",
        "https://a..example/",
        "https://1.2.3/",
        "https://256.1.1.1/",
        "https://[::1/",
        "https://[1:2]/",
        "https://[:::]/",
        "https://[1::2::3]/",
        "https://[12345::]/",
        "https://${env.HOST}/x",
        "https://u:p/w@a.example/x",
        "https://a.example/x y",
        "https://a.example\\@b.example/",
        "https://a.example/%\u0000",
        "https://*.example/",
      })
  void drops_what_it_does_not_understand(String text) {
    assertThat(RemoteUrl.parse(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://localhost:8081/x",
        "http://nexus.localhost/",
        "http://127.0.0.1/",
        "http://127.1.2.3/",
        "http://[::1]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://0.0.0.0/",
        "http://[::]/",
      })
  void knows_the_machine_itself(String text) {
    assertThat(RemoteUrl.parse(text))
        .hasValueSatisfying(url -> assertThat(url.isLoopback()).isTrue());
  }

  @ParameterizedTest
  @CsvSource({
    "https://a.example/basic/1a2B3c4D5e6F7g8H9i0J/simple, true",
    "https://a.example/api/AKCp8abc123DEF456ghi/x, true",
    "https://a.example/artifactory/libs-release-local, false",
    "https://a.example/3b2e1f5a-6c7d-4e8f-9a0b-1c2d3e4f5a6b/_packaging/feed/maven/v1, false",
    "https://a.example/repository/maven-releases-2026/, false",
  })
  void withholds_paths_that_look_like_tokens(String text, boolean withheld) {
    assertThat(RemoteUrl.parse(text))
        .hasValueSatisfying(
            url -> {
              assertThat(url.clean().isEmpty()).isEqualTo(withheld);
              assertThat(url.hadCredentials()).isEqualTo(withheld);
            });
  }

  @Property
  void never_shows_user_query_or_fragment(
      @ForAll("noise") String user, @ForAll("noise") String query, @ForAll("paths") String path) {
    var text =
        "https://%s%s@a.example%s?%s%s#%s".formatted(user, SECRET, path, query, SECRET, SECRET);
    RemoteUrl.parse(text)
        .ifPresent(
            url -> {
              assertThat(url.host()).doesNotContain(SECRET.toLowerCase(Locale.ROOT));
              assertThat(url.toString()).doesNotContain(SECRET);
              assertThat(url.clean().orElse("")).doesNotContain(SECRET);
            });
  }

  @Property
  void takes_any_text(@ForAll("noise") String text) {
    for (var whole : new String[] {text, "https://" + text, "https://a.example/" + text}) {
      RemoteUrl.parse(whole)
          .ifPresent(
              url -> {
                assertThat(url.port()).isBetween(1, 65535);
                assertThat(url.host()).matches("[a-z0-9._:-]{1,253}");
                // What is passed on means the same server again, and nothing of it is dropped.
                url.clean()
                    .ifPresent(
                        clean ->
                            assertThat(RemoteUrl.parse(clean))
                                .hasValueSatisfying(
                                    again -> {
                                      assertThat(again.host()).isEqualTo(url.host());
                                      assertThat(again.port()).isEqualTo(url.port());
                                      assertThat(again.clean()).contains(clean);
                                      assertThat(again.hadCredentials()).isFalse();
                                    }));
              });
    }
  }

  @Provide
  Arbitrary<String> noise() {
    return Arbitraries.oneOf(
        Arbitraries.strings().withChars(":/@?#[]%.-_{}$\\*aZ09 \t\n").ofMaxLength(40),
        Arbitraries.strings().ofMaxLength(20));
  }

  @Provide
  Arbitrary<String> paths() {
    return Arbitraries.strings().withChars("/a.-_0").ofMaxLength(12).map(path -> "/" + path);
  }
}
