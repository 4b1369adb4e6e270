package dev.sandboxed.core.buildtools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Programs that answer as Yarn and Corepack do, as most machines have neither. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class YarnReaderTest {
  private static final String SECRET = "S3cretS3cret";
  @TempDir private Path directory;
  private ToolHome home;

  @BeforeEach
  void makeHome() throws IOException {
    home = new ToolHome(directory).variable("PATH", directory.resolve("none").toString());
  }

  @AfterEach
  void close() {
    home.close();
  }

  @Test
  void yarn_1_with_what_is_built_in() throws IOException {
    classic("https://built.example", "https://built.example");
    var access = home.access();
    assertThat(ToolHome.hosts(access, "Yarn")).containsExactly("built.example:443");
    assertThat(access.hosts()).noneMatch(ReachableHost::named);
    assertThat(access.files()).doesNotContainKey("/.yarnrc");
  }

  @Test
  void yarn_1_with_a_registry_of_the_user() throws IOException {
    classic("https://me:" + SECRET + "@corp.example:8443/npm/", "https://built.example");
    var access = home.access();
    assertThat(ToolHome.hosts(access, "Yarn")).containsExactly("corp.example:8443");
    assertThat(access.hosts()).allMatch(ReachableHost::named);
    assertThat(access.files().get("/.yarnrc"))
        .isEqualTo("registry \"https://corp.example:8443/npm/\"\n");
    assertThat(access.warnings())
        .anyMatch(w -> w.startsWith("Yarn: ") && w.contains("credentials"))
        .noneMatch(w -> w.contains(SECRET));
  }

  @Test
  void yarn_1_with_a_variable() throws IOException {
    classic("https://variable.example/", "https://variable.example/");
    var access = home.variable("npm_config_registry", "https://variable.example/").access();
    assertThat(access.hosts()).singleElement().matches(ReachableHost::named);
    assertThat(access.files()).containsKey("/.yarnrc");
  }

  @Test
  void later_yarn_with_scopes() throws IOException {
    berry(
        "{\"key\":\"npmRegistryServer\",\"effective\":\"http://corp.example:4873/\","
            + "\"source\":\"/home/me/.yarnrc.yml\",\"default\":\"https://built.example\"}",
        "{\"team\":{\"npmAuthToken\":\"********\",\"npmRegistryServer\":\"https://team.example\"},"
            + "\"a\\\\nb\":{\"npmRegistryServer\":\"https://odd.example\"},"
            + "\"none\":{\"npmRegistryServer\":null}}");
    var access = home.access();
    assertThat(ToolHome.hosts(access, "Yarn"))
        .containsExactlyInAnyOrder("corp.example:4873", "team.example:443");
    assertThat(access.files().get("/.yarnrc.yml").lines())
        .containsExactly(
            "npmRegistryServer: \"http://corp.example:4873/\"",
            "npmScopes:",
            "  \"team\":",
            "    npmRegistryServer: \"https://team.example\"",
            "unsafeHttpWhitelist:",
            "  - \"corp.example\"");
  }

  @Test
  void later_yarn_with_what_is_built_in() throws IOException {
    berry(
        "{\"key\":\"npmRegistryServer\",\"effective\":\"https://built.example\","
            + "\"source\":\"<default>\",\"default\":\"https://built.example\"}",
        "{}");
    var access = home.access();
    assertThat(access.hosts()).singleElement().matches(host -> !host.named());
    assertThat(access.files()).doesNotContainKey("/.yarnrc.yml");
  }

  @Test
  void corepack_says_where_yarn_would_come_from() throws IOException {
    var calls = directory.resolve("calls");
    corepack(calls);
    home.program("yarn", "echo \"Network access disabled\" >&2; exit 1");
    var access = home.access();
    assertThat(ToolHome.hosts(access, "Yarn"))
        .containsExactlyInAnyOrder("built.example:443", "berry.example:443");
    assertThat(access.hosts()).noneMatch(ReachableHost::named);
    assertThat(calls).content().doesNotContain("network=1").contains("network=0");
    assertThat(access.warnings()).isEmpty();
  }

  @Test
  void corepack_with_a_registry_of_the_user() throws IOException {
    corepack(directory.resolve("calls"));
    var access = home.variable("COREPACK_NPM_REGISTRY", "https://corp.example/npm").access();
    assertThat(ToolHome.hosts(access, "Yarn")).containsExactly("corp.example:443");
    assertThat(access.environment())
        .contains(Map.entry("COREPACK_NPM_REGISTRY", "https://corp.example/npm"));
  }

  @Test
  void what_is_not_understood_is_a_warning() throws IOException {
    classic("undefined", "undefined");
    assertThat(home.access().warnings()).anyMatch(w -> w.contains("Yarn did not say what its"));
    berry("not json", "[1");
    assertThat(home.access().warnings()).anyMatch(w -> w.contains("Yarn did not say what its"));
    home.program("yarn", "echo " + SECRET + " >&2; exit 3");
    assertThat(home.access().warnings())
        .anyMatch(w -> w.contains("\"yarn --version\" fails; run it to see why"))
        .noneMatch(w -> w.contains(SECRET));
  }

  private void classic(String registry, String builtIn) throws IOException {
    home.program(
        "yarn",
        """
        case "$1" in
          --version) echo 1.22.22 ;;
          --no-default-rc) echo '%s' ;;
          *) echo '%s' ;;
        esac\
        """
            .formatted(builtIn, registry));
  }

  private void berry(String setting, String scopes) throws IOException {
    home.program(
        "yarn",
        """
        case "$*" in
          --version) echo 4.5.0 ;;
          "config --json") echo '{"key":"other"}'; echo '%s' ;;
          *) echo '%s' ;;
        esac\
        """
            .formatted(setting, scopes));
  }

  private void corepack(Path calls) throws IOException {
    home.program(
        "corepack",
        """
        echo "network=$COREPACK_ENABLE_NETWORK $PWD" >> '%s'
        case "$1" in
          yarn@1*) echo "can't reach https://built.example/yarn/-/yarn.tgz" >&2 ;;
          *) echo "can't reach https://berry.example/4/yarn.js" >&2 ;;
        esac
        exit 1\
        """
            .formatted(calls));
  }
}
