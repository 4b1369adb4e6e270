package dev.sandboxed.core.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.core.binaries.Settings;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostProxyTest {

  @Test
  void a_host_without_settings_has_none() {
    assertThat(HostProxy.of(Settings.of(Map.of(), Map.of()))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "http://proxy.example:3128, http://proxy.example:3128",
    "http://proxy.example, http://proxy.example:80",
    "http://proxy.example/, http://proxy.example:80",
    "proxy.example:3128, http://proxy.example:3128",
    "HTTP://192.0.2.1:3128, http://192.0.2.1:3128",
    "http://[2001:db8::1]:3128, http://[2001:db8::1]:3128",
    "http://me:p%40ss@proxy.example:3128, http://me:p%40ss@proxy.example:3128",
  })
  void the_environment_names_one(String value, String url) {
    assertThat(ofEnvironment(Map.of("https_proxy", value)).url()).isEqualTo(URI.create(url));
    assertThat(ofEnvironment(Map.of("HTTP_PROXY", value)).url()).isEqualTo(URI.create(url));
  }

  @Test
  void the_variable_for_https_goes_first() {
    var proxy =
        ofEnvironment(
            Map.of("http_proxy", "http://one.example:1", "HTTPS_PROXY", "http://two.example:2"));
    assertThat(proxy).hasToString("http://two.example:2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"socks5://proxy.example:1080", "https://proxy.example", "http://", "::"})
  void what_is_no_http_proxy_counts_as_none_and_is_told_of(String value) {
    var settings = Settings.of(Map.of(), Map.of("https_proxy", value));
    assertThat(HostProxy.of(settings)).isEmpty();
    assertThat(HostProxy.complaint(settings)).get().asString().startsWith("https_proxy does not");
  }

  @Test
  void proxies_of_other_kinds_are_told_of_without_what_they_hold() {
    assertThat(
            HostProxy.complaint(
                Settings.of(Map.of(), Map.of("ALL_PROXY", "socks5://me:s3cret@proxy.example"))))
        .contains(
            "ALL_PROXY does not name an HTTP proxy (http://host:port), the only kind that sandboxes"
                + " use: what they reach is connected to directly. Set HTTPS_PROXY to one, or unset"
                + " this to no longer be told");
    assertThat(
            HostProxy.complaint(Settings.of(Map.of("socksProxyHost", "proxy.example"), Map.of())))
        .get()
        .asString()
        .startsWith("The Java property socksProxyHost does not");
  }

  @Test
  void nothing_is_told_of_hosts_without_a_proxy_or_with_one_that_is_used() {
    assertThat(HostProxy.complaint(Settings.of(Map.of(), Map.of()))).isEmpty();
    assertThat(
            HostProxy.complaint(
                Settings.of(
                    Map.of("https.proxyHost", "java.example"),
                    Map.of("all_proxy", "socks5://proxy.example"))))
        .isEmpty();
  }

  @Test
  void exceptions_of_the_environment_are_kept() {
    var proxy =
        ofEnvironment(
            Map.of(
                "https_proxy", "proxy.example:3128",
                "no_proxy", "localhost, .corp.example,10.0.0.0/8,,db.example"));
    assertThat(proxy.noProxy())
        .containsExactly("localhost", "*.corp.example", "10.0.0.0/8", "db.example");
  }

  @Test
  void java_names_one_before_the_environment() {
    var settings =
        Settings.of(
            Map.of(
                "https.proxyHost", "java.example",
                "https.proxyPort", "8080",
                "http.nonProxyHosts", "localhost|127.*|[::1]|*.corp.example|*x.example|10.1.*|a*b"),
            Map.of("https_proxy", "http://env.example:1"));
    var proxy = HostProxy.of(settings).orElseThrow();
    assertThat(proxy).hasToString("http://java.example:8080");
    assertThat(proxy.noProxy())
        .containsExactly(
            "localhost",
            "127.0.0.0/8",
            "::1",
            "*.corp.example",
            "x.example",
            "*.x.example",
            "10.1.0.0/16");
  }

  @Test
  void a_password_is_for_the_keeper_and_not_for_print() {
    var proxy = ofEnvironment(Map.of("https_proxy", "http://me:s3cret@proxy.example:3128"));
    assertThat(proxy).hasToString("http://***@proxy.example:3128");
    assertThat(proxy.message())
        .isEqualTo(Map.of("url", "http://me:s3cret@proxy.example:3128", "noProxy", List.of()));
  }

  private static HostProxy ofEnvironment(Map<String, String> variables) {
    return HostProxy.of(Settings.of(Map.of(), variables)).orElseThrow();
  }
}
