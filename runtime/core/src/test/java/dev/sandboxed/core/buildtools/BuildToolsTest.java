package dev.sandboxed.core.buildtools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import dev.sandboxed.NetworkRule;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The tools of this machine, asked in a home with invented configuration. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class BuildToolsTest {
  private static final String SECRET = "S3cretS3cret";

  @TempDir private Path directory;
  private ToolHome home;

  @BeforeEach
  void makeHome() {
    home = new ToolHome(directory);
  }

  @AfterEach
  void close() {
    home.close();
  }

  @Test
  void maven_with_mirrors_and_profiles() throws IOException {
    home.needs("mvn")
        .file(
            ".m2/settings.xml",
            """
            <settings xmlns="http://maven.apache.org/SETTINGS/1.2.0">
              <mirrors>
                <mirror>
                  <id>corp</id><mirrorOf>*,!own</mirrorOf>
                  <url>https://${env.MIRROR_HOST}:8443/maven</url>
                </mirror>
              </mirrors>
              <profiles>
                <profile>
                  <id>on</id>
                  <repositories>
                    <repository><id>own</id><url>https://own.example/releases</url></repository>
                    <repository><id>mirrored</id><url>https://mirrored.example/</url></repository>
                  </repositories>
                  <pluginRepositories>
                    <pluginRepository>
                      <id>own</id><url>https://10.20.30.40:8081/plugins</url>
                      <snapshots><enabled>false</enabled></snapshots>
                    </pluginRepository>
                  </pluginRepositories>
                </profile>
                <profile>
                  <id>off</id>
                  <activation><jdk>[1,)</jdk></activation>
                  <repositories>
                    <repository><id>off</id><url>https://off.example/</url></repository>
                  </repositories>
                </profile>
              </profiles>
              <activeProfiles><activeProfile>on</activeProfile></activeProfiles>
              <proxies>
                <proxy>
                  <host>proxy.example</host><port>3128</port><username>me</username>
                  <nonProxyHosts>*.corp.example|10.*</nonProxyHosts>
                </proxy>
              </proxies>
            </settings>
            """)
        .variable("MIRROR_HOST", "mirror.example");

    var access = home.access();

    assertThat(ToolHome.hosts(access, "Maven"))
        .containsExactlyInAnyOrder("mirror.example:8443", "own.example:443", "10.20.30.40:8081");
    assertThat(access.policy().allowed())
        .filteredOn(rule -> rule.text().equals("mirror.example:8443"))
        .allMatch(NetworkRule::allowsPrivateAddresses)
        .hasSize(1);
    assertThat(access.warnings())
        .anyMatch(w -> w.contains("Maven") && w.contains("off") && w.contains("activeProfiles"));
    assertThat(access.proxies())
        .contains(
            new ToolProxy(
                "Maven",
                "proxy.example",
                3128,
                true,
                List.of("*.corp.example", "10.*"),
                directory.resolve(".m2/settings.xml").toString()));
    var inside = MavenSettings.parse(access.files().get(MavenReader.SETTINGS), "inside");
    assertThat(inside.mirrors())
        .first()
        .returns("corp", MavenSettings.Mirror::id)
        .returns("*,!own", MavenSettings.Mirror::mirrorOf)
        .returns("https://mirror.example:8443/maven", MavenSettings.Mirror::url);
    assertThat(inside.active(Set.of()))
        .singleElement()
        .satisfies(
            profile -> {
              assertThat(profile.repositories())
                  .extracting(MavenSettings.Repository::id)
                  .containsExactly("own", "mirrored");
              assertThat(profile.pluginRepositories())
                  .singleElement()
                  .satisfies(r -> assertThat(r.snapshots()).contains("false"));
            });
  }

  @Test
  void maven_with_a_repository_on_this_machine() throws IOException {
    home.needs("mvn")
        .file(
            ".m2/settings.xml",
            """
            <settings>
              <profiles>
                <profile>
                  <id>on</id>
                  <activation><activeByDefault>true</activeByDefault></activation>
                  <repositories>
                    <repository><id>local</id><url>http://localhost:8081/r</url></repository>
                    <repository><id>disk</id><url>file:///srv/repository</url></repository>
                  </repositories>
                </profile>
              </profiles>
            </settings>
            """);

    var access = home.access();

    assertThat(ToolHome.hosts(access, "Maven")).contains("host.sandbox:8081");
    var inside = MavenSettings.parse(access.files().get(MavenReader.SETTINGS), "inside");
    assertThat(inside.active(Set.of()))
        .flatExtracting(MavenSettings.Profile::repositories)
        .singleElement()
        .satisfies(
            repository ->
                assertThat(new MirrorSelector(inside.mirrors()).select(repository))
                    .as("not blocked for being plain HTTP")
                    .hasValueSatisfying(
                        mirror ->
                            assertThat(mirror.url()).isEqualTo("http://host.sandbox:8081/r")));
    assertThat(access.warnings()).noneMatch(w -> w.startsWith("Maven"));
  }

  @Test
  void maven_with_settings_from_the_command_line() throws IOException {
    var settings =
        """
        <settings><mirrors><mirror><id>m</id><mirrorOf>*</mirrorOf><url>https://%s/m</url></mirror></mirrors></settings>
        """;
    home.needs("mvn")
        .file(".m2/settings.xml", settings.formatted("user.example"))
        .file("work/other.xml", settings.formatted("other.example"))
        .variable("PWD", home.path().resolve("work").toString())
        .variable("MAVEN_CMD_LINE_ARGS", " -B -s other.xml --global-settings=none.xml test");

    var access = home.access();

    assertThat(ToolHome.hosts(access, "Maven")).containsExactly("other.example:443");
    assertThat(access.warnings())
        .contains(
            "Maven: there is no file %s, which its arguments name; the settings in it do not count"
                .formatted(home.path().resolve("work/none.xml")));
  }

  @Test
  void maven_without_settings_has_what_is_built_in() throws IOException {
    var access = home.needs("mvn").access();
    assertThat(access.hosts())
        .filteredOn(host -> host.tool().equals("Maven"))
        .isNotEmpty()
        .allSatisfy(host -> assertThat(host.named()).isFalse());
  }

  @Test
  void npm_with_scopes() throws IOException {
    home.needs("npm")
        .file(
            ".npmrc",
            """
            registry=https://npm.example/repository/all/
            @corp:registry=http://corp.example:4873/
            https-proxy=http://proxy.example:3128/
            strict-ssl=false
            """);

    var access = home.access();

    assertThat(ToolHome.hosts(access, "npm"))
        .containsExactlyInAnyOrder("npm.example:443", "corp.example:4873");
    assertThat(access.environment()).containsEntry("npm_config_globalconfig", NpmReader.SETTINGS);
    assertThat(access.files().get(NpmReader.SETTINGS).lines())
        .containsExactlyInAnyOrder(
            "registry=https://npm.example/repository/all/",
            "@corp:registry=http://corp.example:4873/",
            "strict-ssl=false");
    assertThat(access.hosts())
        .filteredOn(host -> host.host().equals("npm.example"))
        .allMatch(ReachableHost::named)
        .allMatch(host -> host.source().endsWith(".npmrc"));
    assertThat(access.proxies())
        .filteredOn(proxy -> proxy.tool().equals("npm"))
        .anyMatch(proxy -> proxy.host().equals("proxy.example") && proxy.port() == 3128);
  }

  @Test
  void npm_with_a_variable() throws IOException {
    home.needs("npm")
        .file(".npmrc", "registry=https://npm.example/\n")
        .variable("npm_config_registry", "https://variable.example/");
    assertThat(ToolHome.hosts(home.access(), "npm")).containsExactly("variable.example:443");
  }

  @Test
  void npm_without_configuration_has_what_is_built_in() {
    var access = home.needs("npm").access();
    assertThat(access.hosts())
        .filteredOn(host -> host.tool().equals("npm"))
        .singleElement()
        .satisfies(host -> assertThat(host.named()).isFalse());
  }

  @Test
  void pip_with_indexes_that_link_elsewhere() throws IOException {
    home.needs("pip3");
    try (var index =
        new Files404(
            Map.of(
                "/simple/pip/",
                """
                <!DOCTYPE html><html><body>
                <a href="https://files.example:8443/pip-1.0-py3-none-any.whl">pip</a>
                <a href="http://169.254.169.254/pip-1.1-py3-none-any.whl">pip</a>
                </body></html>
                """))) {
      home.withoutVariable("PIP_CONFIG_FILE")
          .file(
              "pip.conf",
              """
              [global]
              extra-index-url = https://one.example/simple
                  https://two.example:444/simple
              [install]
              trusted-host = one.example
              """)
          .variable("PIP_CONFIG_FILE", directory.resolve("pip.conf").toString())
          .variable("PIP_FIND_LINKS", "/opt/wheels https://links.example/page.html")
          .variable("PIP_INDEX_URL", index.url("/simple"));

      var access = home.access();

      assertThat(ToolHome.hosts(access, "pip"))
          .containsExactlyInAnyOrder(
              "one.example:443",
              "two.example:444",
              "links.example:443",
              "files.example:8443",
              "host.sandbox:" + index.port());
      assertThat(access.hosts())
          .filteredOn(host -> host.host().equals("files.example"))
          .noneMatch(ReachableHost::named);
      assertThat(access.policy().allowed())
          .as("what a server names opens no special address")
          .noneMatch(rule -> rule.cidr().isPresent());
      assertThat(access.environment())
          .containsEntry(
              "PIP_EXTRA_INDEX_URL", "https://one.example/simple https://two.example:444/simple")
          .containsEntry("PIP_FIND_LINKS", "https://links.example/page.html")
          .containsEntry("PIP_TRUSTED_HOST", "one.example host.sandbox")
          .containsEntry("PIP_INDEX_URL", "http://host.sandbox:%d/simple".formatted(index.port()));
    }
  }

  @Test
  void pip_without_configuration_has_what_is_built_in() {
    var access = home.needs("pip3").access();
    assertThat(access.hosts())
        .filteredOn(host -> host.tool().equals("pip"))
        .hasSizeGreaterThanOrEqualTo(2)
        .noneMatch(ReachableHost::named);
    assertThat(access.environment()).doesNotContainKey("PIP_INDEX_URL");
  }

  @Test
  void pip_without_an_index() {
    home.needs("pip3").variable("PIP_NO_INDEX", "1");
    var access = home.access();
    assertThat(ToolHome.hosts(access, "pip")).isEmpty();
    assertThat(access.environment()).containsEntry("PIP_NO_INDEX", "1");
  }

  @Test
  void go_with_proxies_and_private_modules() {
    home.needs("go")
        .variable("GOPROXY", "https://go.example/proxy|http://[fd00::7]:3000,direct")
        .variable("GOSUMDB", "sum.example+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
        .variable("GOPRIVATE", "*.corp.example,git.example/team,rsc[.]io");

    var access = home.access();

    assertThat(ToolHome.hosts(access, "Go"))
        .containsExactlyInAnyOrder(
            "go.example:443",
            "[fd00::7]:3000",
            "sum.example:443",
            "*.corp.example:443",
            "git.example:443");
    assertThat(access.environment())
        .containsEntry("GOPROXY", "https://go.example/proxy|http://[fd00::7]:3000,direct")
        .containsEntry("GOPRIVATE", "*.corp.example,git.example/team,rsc[.]io")
        .hasEntrySatisfying("GOSUMDB", value -> assertThat(value).startsWith("sum.example+"));
    assertThat(access.warnings()).anyMatch(w -> w.startsWith("Go: ") && w.contains("no one host"));
  }

  @Test
  void go_without_configuration_has_what_is_built_in() {
    var access = home.needs("go").access();
    assertThat(access.hosts())
        .filteredOn(host -> host.tool().equals("Go"))
        .isNotEmpty()
        .noneMatch(ReachableHost::named);
  }

  @Test
  void cargo_with_a_replaced_source_and_a_registry() throws IOException {
    home.needs("cargo");
    try (var index =
        new Files404(
            Map.of(
                "/index/config.json", "{\"dl\":\"https://crates.example/api/{crate}/dl\"}",
                "/other/config.json", "{\"dl\":\"http://127.0.0.1:1/dl\"}"))) {
      home.file(
          ".cargo/config.toml",
          """
          [source.crates-io]
          replace-with = "corp"
          [source.corp]
          registry = "sparse+%s/"
          [registries]
          other = { index = "sparse+%s/" }
          far = { index = "sparse+https://far.example:8443/index/" }
          git = { index = "https://git.example/index.git" }
          [http]
          proxy = "proxy.example:3128"
          """
              .formatted(index.url("/index"), index.url("/other")));

      var access = home.access();

      assertThat(ToolHome.hosts(access, "Cargo"))
          .as("warnings: %s", access.warnings())
          .containsExactlyInAnyOrder(
              "crates.example:443",
              "far.example:8443",
              "git.example:443",
              "host.sandbox:" + index.port());
      assertThat(access.hosts())
          .filteredOn(host -> host.host().equals("crates.example"))
          .noneMatch(ReachableHost::named);
      var inside = CargoSettings.parse(access.files().get(CargoReader.SETTINGS), Path.of("inside"));
      assertThat(inside.replacement("crates-io"))
          .hasValueSatisfying(
              source ->
                  assertThat(source.registry())
                      .contains("sparse+http://host.sandbox:%d/index/".formatted(index.port())));
      assertThat(inside.registries())
          .containsEntry("far", "sparse+https://far.example:8443/index/")
          .containsEntry("git", "https://git.example/index.git");
      assertThat(access.warnings())
          .anyMatch(w -> w.startsWith("Cargo: ") && w.contains("https://far.example:8443"))
          .anyMatch(w -> w.startsWith("Cargo: ") && w.contains("https://git.example"));
      assertThat(access.proxies()).anyMatch(p -> p.host().equals("proxy.example"));
    }
  }

  @Test
  void cargo_without_configuration_has_what_is_built_in() {
    // Nothing answers, so what the index would say of its crates is missing.
    var access = home.needs("cargo").access();
    assertThat(access.warnings()).anyMatch(w -> w.startsWith("Cargo: "));
    // Some systems' Cargo has to ask before it says which index is its default.
    assertThat(access.hosts())
        .filteredOn(host -> host.tool().equals("Cargo"))
        .hasSizeLessThanOrEqualTo(1)
        .noneMatch(ReachableHost::named);
  }

  @Test
  void cargo_with_vendored_crates_downloads_nothing() throws IOException {
    home.needs("cargo")
        .file(
            ".cargo/config.toml",
            """
            source.crates-io.replace-with = "vendored"
            source.vendored.directory = "/vendor"
            """);
    var access = home.access();
    assertThat(ToolHome.hosts(access, "Cargo")).isEmpty();
    assertThat(access.warnings()).noneMatch(w -> w.startsWith("Cargo"));
  }

  @Test
  void no_credential_leaves_the_configuration() throws IOException {
    home.file(
            ".m2/settings.xml",
            """
            <settings>
              <servers>
                <server><id>m</id><username>%1$sU</username><password>%1$sP</password></server>
              </servers>
              <mirrors>
                <mirror><id>m</id><mirrorOf>*</mirrorOf>
                  <url>https://u:%1$s@maven.example/r?token=%1$s#%1$s</url></mirror>
                <mirror><id>p</id><mirrorOf>p</mirrorOf>
                  <url>https://path.example/${env.PATH_TOKEN}/r</url></mirror>
                <mirror><id>q</id><mirrorOf>q</mirrorOf>
                  <url>https://q.example/basic/1a2B3c4D5e6F7g8H%1$s/r</url></mirror>
                <mirror><id>bad</id><mirrorOf>bad</mirrorOf>
                  <url>https://u:%1$s/%1$s@bad.example/r</url></mirror>
              </mirrors>
              <proxies><proxy><host>proxy.example</host><port>80</port>
                <username>%1$s</username><password>%1$s</password></proxy></proxies>
            </settings>
            """
                .formatted(SECRET))
        .file(".m2/settings-security.xml", "<s><master>%s</master></s>".formatted(SECRET))
        .file(
            ".npmrc",
            """
            registry=https://u:%1$s@npm.example/
            @a:registry=https://%1$s@scope.example/?x=%1$s
            //npm.example/:_authToken=%1$s
            _auth=%1$s
            https-proxy=http://u:%1$s@proxy.example:3128
            """
                .formatted(SECRET))
        .file(".netrc", "machine pip.example login u password " + SECRET + "\n")
        .file(
            "pip.conf",
            """
            [global]
            index-url = https://u:%1$s@pip.example/simple
            extra-index-url = https://%1$s@extra.example/simple
            proxy = http://u:%1$s@proxy.example:3128
            """
                .formatted(SECRET))
        .variable("PIP_CONFIG_FILE", directory.resolve("pip.conf").toString())
        .file(
            ".cargo/config.toml",
            """
            [source.crates-io]
            replace-with = "corp"
            [source.corp]
            registry = "sparse+https://u:%1$s@cargo.example/index/"
            [registries.r]
            index = "sparse+https://u:%1$s@registry.example/index/"
            token = "%1$s"
            """
                .formatted(SECRET))
        .file(".cargo/credentials.toml", "[registry]\ntoken = \"%s\"\n".formatted(SECRET))
        .variable("CARGO_REGISTRIES_R_TOKEN", SECRET)
        .variable("PATH_TOKEN", SECRET)
        .variable("GOPROXY", "https://u:%s@go.example/p?%1$s,direct".formatted(SECRET))
        .variable("GOSUMDB", "off")
        .variable("COREPACK_NPM_REGISTRY", "https://u:%s@corepack.example/".formatted(SECRET))
        .variable("YARN_REGISTRY", "https://u:%s@yarn.example/".formatted(SECRET))
        .variable("YARN_NPM_REGISTRY_SERVER", "https://u:%s@yarn.example/".formatted(SECRET));

    var access = home.access();

    assertThat(access.toString()).doesNotContain(SECRET).doesNotContain("token");
    assertThat(access.policy().toString()).doesNotContain(SECRET);
    assertThat(access.hosts())
        .extracting(ReachableHost::host)
        .doesNotContain("u", "bad.example")
        .allMatch(host -> host.endsWith(".example"));
    for (var tool :
        List.of(
            "mvn:maven.example",
            "npm:npm.example",
            "pip3:pip.example",
            "cargo:cargo.example",
            "go:go.example")) {
      var parts = tool.split(":");
      if (home.environment().program(parts[0]).isPresent()) {
        assertThat(access.hosts()).anyMatch(host -> host.host().equals(parts[1]));
        assertThat(access.warnings())
            .as(tool)
            .anyMatch(w -> w.contains(parts[1]) && w.contains("credentials"));
      }
    }
  }

  @Test
  void a_tool_that_fails_or_hangs_takes_no_other_along() throws IOException {
    home.program("npm", "echo broken >&2; exit 3")
        .program("go", "sleep 1000 & wait")
        .program("cargo", "echo '%s'; exit 1".formatted(SECRET))
        .file(".m2/settings.xml", "<settings><mirrors>%s".formatted(SECRET));

    var access = home.access(Duration.ofSeconds(8));

    assertThat(access.warnings())
        .anyMatch(w -> w.startsWith("npm: ") && w.contains("\"npm config list\" fails"))
        .anyMatch(w -> w.startsWith("Go: ") && w.contains("go did not end within 8 s"))
        .anyMatch(w -> w.startsWith("Cargo: ") && w.contains("cargo fetch"))
        .noneMatch(w -> w.contains(SECRET));
    if (home.environment().program("mvn").isPresent()) {
      assertThat(access.warnings())
          .anyMatch(
              w -> w.startsWith("Maven: ") && w.contains("settings.xml cannot be read (line 1)"));
    }
    if (home.environment().program("pip3").isPresent()) {
      assertThat(ToolHome.hosts(access, "pip")).isNotEmpty();
    }
  }

  @Test
  void tools_that_are_not_installed_are_not_asked() {
    var access = home.variable("PATH", "/nonexistent:relative").access();
    assertThat(access.hosts()).isEmpty();
    assertThat(access.warnings()).isEmpty();
    assertThat(access.files()).isEmpty();
    assertThat(access.policy().allowsNothing()).isTrue();
  }

  @Test
  void what_a_killed_process_left_goes(@TempDir Path tmp) throws Exception {
    var gone = new ProcessBuilder("true").start();
    gone.waitFor();
    var own = "sandboxed-ask-%d-x".formatted(ProcessHandle.current().pid());
    for (var name : List.of("sandboxed-ask-%d-x".formatted(gone.pid()), own, "other")) {
      Files.createDirectories(tmp.resolve(name).resolve("home"));
    }
    Scratch.sweep(tmp);
    try (var left = Files.list(tmp)) {
      assertThat(left).containsExactlyInAnyOrder(tmp.resolve(own), tmp.resolve("other"));
    }
  }

  @Test
  void tools_run_outside_of_any_project_and_once() throws IOException {
    var calls = directory.resolve("calls");
    home.program("npm", "pwd >> " + calls + "; echo 'registry = \"https://npm.example/\"'")
        .variable("PATH", directory.resolve("bin") + ":/usr/bin:/bin");
    var tools = home.tools();
    assertThat(ToolHome.hosts(tools.access(), "npm")).containsExactly("npm.example:443");
    assertThat(tools.access()).isSameAs(tools.access());
    assertThat(calls).hasContent("/");
  }

  @Test
  void certificates_are_passed_on_and_keys_are_not() throws IOException {
    var system = Path.of("/etc/ssl/certs/ca-certificates.crt");
    assumeTrue(Files.isReadable(system), "Debian's certificates");
    var text = Files.readString(system);
    var one = text.substring(0, text.indexOf("-----END CERTIFICATE-----") + 25);
    var key = "-----BEGIN PRIVATE KEY-----\n" + SECRET + "\n-----END PRIVATE KEY-----\n";
    home.program("npm", "echo 'registry = \"https://npm.example/\"'")
        .file("corp.pem", "# a comment\n" + key + one + "\n")
        .file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA")
        .variable("SSL_CERT_FILE", directory.resolve("corp.pem").toString())
        .variable("PIP_CERT", directory.resolve("broken.pem").toString());

    var access = home.access();

    var pem = access.files().get(CaCertificates.FILE);
    assertThat(pem).contains("-----BEGIN CERTIFICATE-----").doesNotContain("PRIVATE KEY", SECRET);
    assertThat(certificates(pem)).as("each once").doesNotHaveDuplicates();
    assertThat(certificates(pem)).hasSameSizeAs(new HashSet<>(certificates(text)));
    assertThat(access.environment()).containsEntry("SSL_CERT_FILE", CaCertificates.FILE);
    assertThat(access.warnings()).anyMatch(w -> w.contains("broken.pem"));
  }

  /** Returns the lines of each certificate. */
  private static List<String> certificates(String pem) {
    return Pattern.compile("(?s)-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----")
        .matcher(pem)
        .results()
        .map(match -> match.group().replaceAll("\\s", ""))
        .toList();
  }

  /** A server with some pages. */
  private static final class Files404 implements AutoCloseable {
    private final HttpServer server;

    Files404(Map<String, String> pages) throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/",
          exchange -> {
            try (exchange) {
              var page = pages.get(exchange.getRequestURI().getPath());
              var bytes = (page == null ? "no" : page).getBytes(StandardCharsets.UTF_8);
              exchange
                  .getResponseHeaders()
                  .set(
                      "Content-Type",
                      page != null && page.startsWith("{") ? "application/json" : "text/html");
              exchange.sendResponseHeaders(page == null ? 404 : 200, bytes.length);
              exchange.getResponseBody().write(bytes);
            }
          });
      server.start();
    }

    int port() {
      return server.getAddress().getPort();
    }

    String url(String path) {
      return "http://127.0.0.1:" + port() + path;
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }
}
