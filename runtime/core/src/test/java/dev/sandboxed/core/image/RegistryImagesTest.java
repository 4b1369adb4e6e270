package dev.sandboxed.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandboxed.Image;
import dev.sandboxed.ImageException;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.erofs.StrictErofsReader;
import dev.sandboxed.core.registry.RegistrySettings;
import dev.sandboxed.core.support.DebianPackages;
import dev.sandboxed.core.support.DockerRegistry;
import dev.sandboxed.core.tree.Descriptions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images of a registry that others wrote, filled by tools that others wrote. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RegistryImagesTest {
  private DockerRegistry registry;
  private OciLayout layout;
  private SortedMap<String, String> expected;

  @TempDir private Path directory = Path.of("");

  @BeforeAll
  void fill(@TempDir Path shared) throws IOException {
    registry = DockerRegistry.plain(Files.createDirectory(shared.resolve("registry")));
    layout = new OciLayout(shared).filled();
    layout.push(registry.host() + "/team/app:oci", "--dest-tls-verify=false");
    layout.push(
        registry.host() + "/team/app:docker", "--dest-tls-verify=false", "--format", "v2s2");
    layout.pushZstd(registry.host() + "/team/zstd:1", "--dest-tls-verify=false");
    layout.push(registry.host() + "/library/short:latest", "--dest-tls-verify=false");
    expected = Descriptions.ofHost(layout.unpacked());
  }

  @AfterAll
  void stop() {
    registry.close();
  }

  @ParameterizedTest
  @CsvSource({
    "team/app:oci, application/vnd.oci.image.config.v1+json, +gzip",
    "team/app:docker, application/vnd.docker.distribution.manifest.v2+json, .gzip",
    "team/zstd:1, application/vnd.oci.image.config.v1+json, +zstd"
  })
  void agrees_with_umoci_file_by_file(String name, String type, String layers) throws Exception {
    assertThat(manifest(name)).contains(type).contains("tar" + layers);
    try (var store = open(Map.of())) {
      var image = store.prepare(Image.registry(registry.host() + "/" + name));

      assertThat(Descriptions.differences(comparable(expected), comparable(contents(image))))
          .isEmpty();
      assertThat(contents(image).get("dev/null"))
          .startsWith("character_device 666 0:0")
          .endsWith("1,3");
      assertThat(contents(image).get("srv/app/far")).contains("3000000:3000000");
    }
  }

  /** Without root umoci makes no owners and no devices. */
  private static SortedMap<String, String> comparable(SortedMap<String, String> lines)
      throws IOException {
    if (!DebianPackages.isRoot()) {
      lines.replaceAll((path, line) -> line.replaceFirst(" \\d+:\\d+ ", " "));
      lines.keySet().removeIf(path -> path.startsWith("dev/"));
    }
    return lines;
  }

  @Test
  void what_the_image_says_of_its_programs_applies() throws IOException {
    try (var store = open(Map.of())) {
      var image = store.prepare(Image.registry(registry.host() + "/team/app:oci"));

      assertThat(image.environment())
          .containsEntry("A", "b=c")
          .containsEntry("LANG", "C.UTF-8")
          .containsKey("PATH");
      assertThat(image.workingDirectory()).isEqualTo("/srv/app");
      assertThat(image.user()).contains("1000:100");
      assertThat(image.entrypoint()).containsExactly("/bin/sh", "-c");
    }
  }

  @Test
  void an_index_leads_to_the_image_for_this_machine() throws Exception {
    var ours = manifest("team/app:oci");
    var index =
        """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[
        {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%1$s","size":%2$d,"platform":{"os":"linux","architecture":"s390x"}},
        {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%1$s","size":%2$d,"platform":{"os":"linux","architecture":"%3$s"}}]}
        """
            .formatted(digestOf(ours), ours.length(), architecture());
    put("team/app", "multi", "application/vnd.oci.image.index.v1+json", index);
    try (var store = open(Map.of())) {
      var image = store.prepare(Image.registry(registry.host() + "/team/app:multi"));
      var same = store.prepare(Image.registry(registry.host() + "/team/app:oci"));
      var pinned = store.prepare(Image.registry(registry.host() + "/team/app@" + digestOf(index)));

      assertThat(image).isEqualTo(same).isEqualTo(pinned);
    }
  }

  @Test
  void an_index_without_this_machine_says_what_there_is() throws Exception {
    var ours = manifest("team/app:oci");
    put(
        "team/app",
        "other",
        "application/vnd.oci.image.index.v1+json",
        """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[
        {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":%d,"platform":{"os":"windows","architecture":"amd64"}}]}
        """
            .formatted(digestOf(ours), ours.length()));
    try (var store = open(Map.of())) {
      assertThatThrownBy(() -> store.prepare(Image.registry(registry.host() + "/team/app:other")))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("/team/app:other: There is no image for linux/" + architecture())
          .hasMessageContaining("only for windows/amd64");
    }
  }

  @Test
  void a_short_name_leads_to_the_default_registry_or_says_how_to_set_one() throws IOException {
    try (var store = open(Map.of("sandboxed.registry", registry.host()))) {
      assertThat(store.prepare(Image.registry("short")))
          .isEqualTo(store.prepare(Image.registry(registry.host() + "/library/short:latest")));
      assertThat(store.prepare(Image.registry("team/app:oci")).user()).isPresent();
    }
    try (var store = open(Map.of())) {
      assertThatThrownBy(() -> store.prepare(Image.registry("short")))
          .isInstanceOf(ImageException.class)
          .hasMessage(
              "Cannot make the image short:latest: it names no registry, and no default is set."
                  + " Write the registry's host before it, such as localhost:5000/short:latest, or"
                  + " set -Dsandboxed.registry=<host> or SANDBOXED_REGISTRY.");
    }
  }

  @Test
  void tls_and_a_password_of_dockers_configuration_are_used() throws IOException {
    var home = Files.createDirectory(directory.resolve("secured"));
    try (var secured = DockerRegistry.secured(home, "user", "pass:word")) {
      layout.push(
          secured.host() + "/team/app:1",
          "--dest-tls-verify=false",
          "--dest-creds",
          "user:pass:word");
      var reference = Image.registry(secured.host() + "/team/app:1");
      try (var store = open(Map.of())) {
        assertThatThrownBy(() -> store.prepare(reference))
            .isInstanceOf(ImageException.class)
            .hasMessageContaining("shows a certificate that is not trusted")
            .hasMessageContaining("name the PEM file of its authority in -Dsandboxed.registry.ca");
      }
      var trusting = Map.of("sandboxed.registry.ca", secured.authority().toString());
      try (var store = open(trusting)) {
        assertThatThrownBy(() -> store.prepare(reference))
            .isInstanceOf(ImageException.class)
            .hasMessageContaining("gives no access to team/app (401")
            .hasMessageContaining("there are no credentials for it")
            .hasMessageContaining("docker login " + secured.host());
        login(secured.host(), "user:wrong-password");
        assertThatThrownBy(() -> store.prepare(reference))
            .hasMessageContaining("the credentials for it are refused")
            .hasMessageNotContaining("wrong-password");
        login(secured.host(), "user:pass:word");
        assertThat(store.prepare(reference).user()).contains("1000:100");
      }
    }
  }

  @Test
  void speaking_tls_to_a_plain_registry_says_how_to_allow_it() throws IOException {
    try (var store = open(Map.of("sandboxed.registry.insecure", ""))) {
      assertThatThrownBy(() -> store.prepare(Image.registry(registry.host() + "/team/app:oci")))
          .hasMessageContaining("does not speak TLS")
          .hasMessageContaining("add " + registry.host() + " to -Dsandboxed.registry.insecure");
    }
  }

  @Test
  void a_mirror_is_asked_before_the_registry_itself() throws IOException {
    var settings = Map.of("sandboxed.registry.mirrors", "gone.invalid=" + registry.host());
    try (var store = open(settings)) {
      var mirrored = store.prepare(Image.registry("gone.invalid/team/app:oci"));

      assertThat(mirrored)
          .isEqualTo(store.prepare(Image.registry(registry.host() + "/team/app:oci")));
    }
  }

  @Test
  void what_is_not_there_is_named_with_the_answer() {
    try (var store = open(Map.of())) {
      assertThatThrownBy(() -> store.prepare(Image.registry(registry.host() + "/team/app:none")))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("Cannot make the image " + registry.host() + "/team/app:none: ")
          .hasMessageContaining("has no " + registry.host() + "/team/app:none")
          .hasMessageContaining("MANIFEST_UNKNOWN");
    }
  }

  @Test
  void a_full_disk_leaves_nothing_behind() throws IOException {
    assumeTrue(
        DebianPackages.isRoot(),
        "a small file system needs root to mount, and this is user "
            + System.getProperty("user.name"));
    var small = Files.createDirectory(directory.resolve("small"));
    DebianPackages.run("mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", small.toString());
    try (var store = ImageStore.open(small, settings(Map.of()))) {
      assertThatThrownBy(() -> store.prepare(Image.registry(registry.host() + "/team/app:oci")))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("no space left in " + small.resolve("images"))
          .hasMessageContaining("Free some");
      assertThat(small.resolve("images")).isEmptyDirectory();
      assertThat(small.resolve("keys")).isEmptyDirectory();
    } finally {
      DebianPackages.run("umount", small.toString());
    }
  }

  @Test
  void two_processes_that_fetch_the_same_image_at_once_both_get_it() throws Exception {
    var processes = new ArrayList<Process>();
    var store = directory.resolve("store");
    try {
      for (int i = 0; i < 3; i++) {
        processes.add(
            new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")),
                    Fetcher.class.getName(),
                    store.toString(),
                    registry.host(),
                    registry.host() + "/team/app:oci")
                .redirectError(directory.resolve("err" + i).toFile())
                .start());
      }
      var answers = new ArrayList<String>();
      for (var process : processes) {
        process.getOutputStream().close();
        answers.add(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
      }
      assertThat(answers).allSatisfy(a -> assertThat(a).isNotBlank().isEqualTo(answers.get(0)));
      assertThat(store.resolve("images"))
          .isDirectoryContaining("glob:**.erofs")
          .isDirectoryNotContaining("glob:**.{tmp,unpacked}");
    } finally {
      processes.forEach(Process::destroyForcibly);
    }
  }

  private ImageStore open(Map<String, String> properties) {
    return ImageStore.open(directory.resolve("store"), settings(properties));
  }

  private RegistrySettings settings(Map<String, String> properties) {
    var all = new HashMap<String, String>(Map.of("sandboxed.registry.insecure", registry.host()));
    all.putAll(properties);
    return RegistrySettings.from(
        Settings.of(all, Map.of("DOCKER_CONFIG", directory.resolve("docker").toString())));
  }

  private void login(String host, String both) throws IOException {
    Files.writeString(
        Files.createDirectories(directory.resolve("docker")).resolve("config.json"),
        "{\"auths\":{\"https://%s/v1/\":{\"auth\":\"%s\"}}}"
            .formatted(
                host, Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.UTF_8))));
  }

  private static SortedMap<String, String> contents(PreparedImage image) throws IOException {
    try (var reader = new StrictErofsReader(image.erofs())) {
      return reader.describe();
    }
  }

  private static String architecture() {
    return System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
  }

  private String manifest(String name) throws Exception {
    return DebianPackages.run(
        "skopeo",
        "inspect",
        "--raw",
        "--tls-verify=false",
        "docker://" + registry.host() + "/" + name);
  }

  private static String digestOf(String text) throws Exception {
    var sha256 = MessageDigest.getInstance("SHA-256");
    return "sha256:"
        + HexFormat.of().formatHex(sha256.digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  private void put(String repository, String tag, String type, String text) throws Exception {
    var answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(
                        URI.create(
                            "http://%s/v2/%s/manifests/%s"
                                .formatted(registry.host(), repository, tag)))
                    .header("Content-Type", type)
                    .PUT(HttpRequest.BodyPublishers.ofString(text))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
  }

  /** A process that fetches an image when its stdin ends, and prints the file's name. */
  public static final class Fetcher {
    private Fetcher() {}

    /** Takes the store, a registry to speak plain HTTP to, and a reference. */
    public static void main(String[] arguments) throws IOException {
      System.in.readAllBytes();
      var settings =
          RegistrySettings.from(
              Settings.of(Map.of("sandboxed.registry.insecure", arguments[1]), Map.of()));
      try (var store = ImageStore.open(Path.of(arguments[0]), settings)) {
        System.out.println(store.prepare(Image.registry(arguments[2])).erofs());
      }
    }
  }
}
