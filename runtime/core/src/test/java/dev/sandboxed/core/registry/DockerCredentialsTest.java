package dev.sandboxed.core.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DockerCredentialsTest {
  private static final String AUTH =
      Base64.getEncoder().encodeToString("me:s3:cret".getBytes(UTF_8));

  @TempDir private Path directory = Path.of("");

  @ParameterizedTest
  @ValueSource(strings = {"a.example:5000", "https://a.example:5000", "https://a.example:5000/v1/"})
  void a_password_is_found_by_host_or_address(String name) throws IOException {
    var credentials = config("{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}".formatted(name, AUTH));

    assertThat(credentials.find("a.example:5000"))
        .contains(new Credentials.Password("me", "s3:cret"));
    assertThat(credentials.find("a.example")).isEmpty();
    assertThat(credentials.find("b.a.example:5000")).isEmpty();
    assertThat(credentials.find("a.example:50000")).isEmpty();
  }

  @Test
  void a_token_and_plain_members_are_known() throws IOException {
    var credentials =
        config(
            """
            {"auths":{"a.example":{"auth":"%s","identitytoken":"tok"},
              "b.example":{"username":"u","password":"p"},"c.example":{}}}
            """
                .formatted(AUTH));

    assertThat(credentials.find("a.example")).contains(new Credentials.IdentityToken("tok"));
    assertThat(credentials.find("b.example")).contains(new Credentials.Password("u", "p"));
    assertThat(credentials.find("c.example")).isEmpty();
  }

  @Test
  void without_a_configuration_there_are_none() throws IOException {
    assertThat(new DockerCredentials(directory.resolve("none")).find("a.example")).isEmpty();
    assertThat(config("{}").find("a.example")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{\"auths\":{\"a.example\":{\"auth\":\"s3cret\"}}",
        "{\"auths\":{\"a.example\":{\"auth\":\"s3cret!\"}}}",
        "{\"auths\":{\"a.example\":{\"auth\":\"czNjcmV0\"}}}"
      })
  void what_is_malformed_is_named_and_not_shown(String text) throws IOException {
    var credentials = config(text);

    assertThatThrownBy(() -> credentials.find("a.example"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("Docker's configuration " + directory.resolve("config.json"))
        .hasMessageNotContaining("s3cret")
        .hasNoCause();
  }

  @Test
  void nothing_prints_a_secret() {
    assertThat(new Credentials.Password("me", "s3cret").toString()).doesNotContain("s3cret");
    assertThat(new Credentials.IdentityToken("s3cret").toString()).doesNotContain("s3cret");
  }

  @Test
  void a_helper_that_is_not_there_is_named() throws IOException {
    var credentials = config("{\"credHelpers\":{\"a.example\":\"not-installed-anywhere\"}}");

    assertThatThrownBy(() -> credentials.find("a.example"))
        .hasMessageContaining("the credential helper docker-credential-not-installed-anywhere")
        .hasMessageContaining("on the PATH?");
    assertThat(credentials.find("b.example")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"../x", "a b", "a;b", "-x"})
  void a_helper_with_a_hostile_name_is_not_run(String name) throws IOException {
    var credentials = config("{\"credsStore\":\"%s\"}".formatted(name));

    assertThatThrownBy(() -> credentials.find("a.example")).hasMessageContaining("is malformed");
  }

  @Test
  void a_helper_is_asked_on_its_stdin() throws IOException {
    assertThat(helper("read host; echo '{\"Username\":\"'$host'\",\"Secret\":\"s3cret\"}'"))
        .contains(new Credentials.Password("a.example", "s3cret"));
    assertThat(helper("echo '{\"Username\":\"<token>\",\"Secret\":\"s3cret\"}'"))
        .contains(new Credentials.IdentityToken("s3cret"));
    assertThat(helper("echo credentials not found in native keychain; exit 1")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"echo '{\"Secret\":\"s3cret\"'", "echo s3cret; exit 3"})
  void a_helper_that_fails_is_named_and_its_answer_not_shown(String script) {
    assertThatThrownBy(() -> helper(script))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("docker-credential-test")
        .hasMessageContaining("a.example")
        .hasMessageNotContaining("s3cret")
        .hasNoCause();
  }

  private Optional<Credentials> helper(String script) throws IOException {
    var program = directory.resolve("docker-credential-test");
    Files.writeString(program, "#!/bin/sh\n" + script + "\n");
    assertThat(program.toFile().setExecutable(true)).isTrue();
    return new CredentialHelper(program.toString(), directory.resolve("config.json"))
        .get("a.example");
  }

  private DockerCredentials config(String text) throws IOException {
    Files.writeString(directory.resolve("config.json"), text);
    return new DockerCredentials(directory);
  }
}
