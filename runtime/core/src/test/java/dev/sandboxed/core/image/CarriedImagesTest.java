package dev.sandboxed.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.Image;
import dev.sandboxed.ImageException;
import dev.sandboxed.ImageStep;
import dev.sandboxed.Images;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.erofs.ErofsReader;
import dev.sandboxed.core.registry.FakeRegistry;
import dev.sandboxed.core.registry.RegistrySettings;
import dev.sandboxed.core.support.DebianPackages;
import dev.sandboxed.core.support.DockerRegistry;
import dev.sandboxed.core.tree.Descriptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.Condition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images that go out of a store and into another, read by tools that others wrote. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CarriedImagesTest {
  private DockerRegistry registry;
  private Image base = Image.empty();
  private Image image = Image.empty();

  @TempDir private Path directory = Path.of("");

  @BeforeAll
  void fill(@TempDir Path shared) throws IOException {
    registry = DockerRegistry.plain(Files.createDirectory(shared.resolve("registry")));
    new OciLayout(shared)
        .filled()
        .push(registry.host() + "/team/base:1", "--dest-tls-verify=false");
    base = Image.registry(registry.host() + "/team/base:1");
    var file = Files.writeString(shared.resolve("file"), "copied");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    image =
        base.copy(file, "/lib/")
            .with(ImageStep.write("/etc/replaced/inside", "new").owner("5:6").mode(0600))
            .env("PLACE", "here")
            .user("7:8")
            .workdir("/srv");
  }

  @AfterAll
  void stop() {
    registry.close();
  }

  @Test
  void umoci_and_skopeo_read_what_is_exported() throws IOException {
    try (var store = open("store")) {
      var layout = directory.resolve("layout");
      images(store).exportLayout(image, layout);

      var expected = contents(store.prepare(image));
      assertThat(Descriptions.differences(comparable(expected), comparable(unpacked(layout))))
          .isEmpty();
      assertThat(DebianPackages.run("skopeo", "inspect", "--config", "oci:" + layout + ":latest"))
          .contains("\"PLACE=here\"", "\"User\": \"7:8\"", "\"WorkingDir\": \"/srv\"")
          .contains("\"/bin/sh\"");
    }
  }

  @Test
  void the_same_image_gives_the_same_digests_and_several_names_one_layout() throws IOException {
    try (var store = open("store")) {
      images(store).exportLayout(image, directory.resolve("one"));
      images(store).exportLayout(image, directory.resolve("two"));
      assertThat(Files.readString(directory.resolve("one/index.json")))
          .isEqualTo(Files.readString(directory.resolve("two/index.json")));

      images(store).exportLayout(base, directory.resolve("one"), "base");
      images(store).exportLayout(base, directory.resolve("one"), "base");
      assertThat(contents(store.prepare(Image.layout(directory.resolve("one"), "base"))))
          .isEqualTo(contents(store.prepare(base)));
      assertThatThrownBy(() -> store.prepare(Image.layout(directory.resolve("one"))))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("several images, so one is to be named; there are: latest, base");
      assertThatThrownBy(() -> store.prepare(Image.layout(directory.resolve("one"), "none")))
          .hasMessageContaining("has no image none; there are: latest, base");
    }
  }

  @Test
  void an_import_makes_the_same_image_a_hit() throws IOException {
    try (var fake = new FakeRegistry()) {
      fake.image("app", "1", "text");
      var insecure = Map.of("sandboxed.registry.insecure", fake.host());
      var built =
          Image.registry(fake.host() + "/app:1")
              .with(ImageStep.write("/one", "1"))
              .env("A", "b")
              .with(ImageStep.write("/two", "2"));
      var layout = directory.resolve("layout");
      Path original;
      try (var store = open("store", insecure)) {
        images(store).exportLayout(built, layout);
        original = store.prepare(built).erofs();
      }
      try (var other = open("other", insecure)) {
        var imported = images(other).importLayout(layout);

        assertThat(imported)
            .isEqualTo(new Images.Imported(List.of(Image.layout(layout, "latest")), 1, 2));
        var before = fake.requests().size();
        var prepared = other.prepare(built);
        // The manifest and the configuration are asked for; the layer is not.
        assertThat(fake.requests().subList(before, fake.requests().size()))
            .hasSize(2)
            .areExactly(1, new Condition<>(r -> r.contains("/manifests/"), "a manifest"));
        assertThat(prepared.erofs().getFileName()).isEqualTo(original.getFileName());
        assertThat(prepared.erofs()).hasSameBinaryContentAs(original);
        assertThat(images(other).importLayout(layout)).isEqualTo(imported);
      }
    }
  }

  @Test
  void layouts_of_other_tools_are_images_and_have_no_steps() throws IOException {
    var layout = directory.resolve("skopeo");
    skopeo("docker://" + registry.host() + "/team/base:1", "oci:" + layout + ":name");
    try (var store = open("store")) {
      assertThat(store.prepare(Image.layout(layout))).isEqualTo(store.prepare(base));
      assertThat(images(store).importLayout(layout))
          .isEqualTo(new Images.Imported(List.of(Image.layout(layout, "name")), 0, 0));
    }
  }

  @Test
  void what_is_pushed_is_read_by_others() throws IOException {
    try (var store = open("store")) {
      var pushed = images(store).push(image, registry.host() + "/team/pushed:1");

      assertThat(pushed.digest()).isPresent();
      var layout = directory.resolve("pulled");
      skopeo("docker://" + registry.host() + "/team/pushed:1", "oci:" + layout + ":latest");
      var expected = contents(store.prepare(image));
      assertThat(Descriptions.differences(comparable(expected), comparable(unpacked(layout))))
          .isEmpty();
      var again = store.prepare(Image.registry(pushed.toString()));
      assertThat(contents(again)).isEqualTo(contents(store.prepare(image)));
      assertThat(again.user()).contains("7:8");
    }
  }

  @Test
  void what_a_registry_has_is_not_sent_again() throws IOException {
    try (var fake = new FakeRegistry();
        var store = open("store", Map.of("sandboxed.registry.insecure", fake.host()))) {
      fake.misbehaving(exchange -> fake.take(exchange, "app"));
      var first = images(store).push(image, fake.host() + "/app:1");
      assertThat(fake.requests()).filteredOn(r -> r.startsWith("POST")).hasSize(4);

      var second = images(store).push(image.env("MORE", "1"), fake.host() + "/app:2");
      // Nothing but the new configuration.
      assertThat(fake.requests()).filteredOn(r -> r.startsWith("POST")).hasSize(5);
      assertThat(second.digest()).isNotEqualTo(first.digest());
      assertThat(store.prepare(Image.registry(first.toString())).user()).contains("7:8");
    }
  }

  @Test
  void tls_and_a_password_protect_what_is_pushed() throws IOException {
    var home = Files.createDirectory(directory.resolve("secured"));
    try (var secured = DockerRegistry.secured(home, "user", "pass:word");
        var store =
            open("store", Map.of("sandboxed.registry.ca", secured.authority().toString()))) {
      var target = secured.host() + "/team/app:1";
      assertThatThrownBy(() -> images(store).push(image, target))
          .isInstanceOf(ImageException.class)
          .hasMessageStartingWith("Cannot push the image ")
          .hasMessageContaining("gives no access to team/app (401")
          .hasMessageContaining("docker login " + secured.host());
      login(secured.host(), "user:wrong-password");
      assertThatThrownBy(() -> images(store).push(image, target))
          .hasMessageContaining("the credentials for it are refused")
          .hasMessageNotContaining("wrong-password");
      login(secured.host(), "user:pass:word");
      var pushed = images(store).push(image, target);
      assertThat(store.prepare(Image.registry(pushed.toString())).user()).contains("7:8");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "POST | 401 | gives no access to app (401), and there are no credentials for it",
        "POST | 403 | gives no access to app (403: DENIED no)",
        "HEAD | 403 | gives no access to app (403)",
        "POST | 404 | takes nothing for app (404: DENIED no); check the name, and whether it may be"
            + " pushed to",
        "POST | 413 | bytes at once (413: DENIED no); raise the limit of the registry, or of the"
            + " proxy",
        "POST | 429 | takes no more requests now (429: DENIED no); wait, or log in",
        "POST | 500 | failed (500: DENIED no)",
        "POST | 200 | answered 200",
        "POST | 202 | names no address to send to",
      })
  void what_a_registry_refuses_is_said(String method, int status, String message)
      throws IOException {
    try (var fake = new FakeRegistry();
        var store = open("store", Map.of("sandboxed.registry.insecure", fake.host()))) {
      fake.misbehaving(
          e ->
              e.getRequestMethod().equals(method)
                  && FakeRegistry.answer(
                      e,
                      status,
                      Map.of(),
                      method.equals("HEAD")
                          ? ""
                          : "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"no\"}]}"));

      assertThatThrownBy(
              () ->
                  images(store)
                      .push(Image.empty().with(ImageStep.write("/a", "a")), fake.host() + "/app:1"))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("The registry " + fake.host())
          .hasMessageContaining(message);
    }
  }

  @Test
  void a_registry_that_stops_half_way_or_lies_is_named() throws IOException {
    var small = Image.empty().with(ImageStep.write("/a", "a"));
    try (var fake = new FakeRegistry();
        var store = open("store", Map.of("sandboxed.registry.insecure", fake.host()))) {
      var puts = new AtomicInteger();
      fake.misbehaving(
          e -> {
            if (e.getRequestMethod().equals("POST")) {
              return FakeRegistry.answer(e, 202, Map.of("Location", "/upload?a=b"), "");
            }
            if (e.getRequestMethod().equals("PUT")) {
              puts.incrementAndGet();
              e.getRequestBody().read();
              throw new IOException("closed");
            }
            return false;
          });
      assertThatThrownBy(() -> images(store).push(small, fake.host() + "/app:1"))
          .hasMessageContaining("The registry " + fake.host() + " broke off");
      assertThat(puts).hasValue(5);

      fake.misbehaving(
          e -> {
            if (e.getRequestMethod().equals("HEAD")) {
              return false;
            }
            e.getRequestBody().readAllBytes();
            return e.getRequestMethod().equals("POST")
                ? FakeRegistry.answer(e, 202, Map.of("Location", "/upload"), "")
                : FakeRegistry.answer(
                    e, 201, Map.of("Docker-Content-Digest", "sha256:" + "0".repeat(64)), "");
          });
      assertThatThrownBy(() -> images(store).push(small, fake.host() + "/app:1"))
          .hasMessageContaining("says that it got sha256:0000")
          .hasMessageContaining("damaged or false");
    }
  }

  @Test
  void what_belongs_to_this_machine_is_not_carried() {
    try (var store = open("store")) {
      assertThatThrownBy(
              () -> images(store).exportLayout(Image.host(), directory.resolve("layout")))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("built on this machine's own tools")
          .hasMessageContaining("Begin with an image of a registry");
      assertThat(directory.resolve("layout")).doesNotExist();
      assertThatThrownBy(() -> images(store).push(image, "localhost/a@sha256:" + "0".repeat(64)))
          .isInstanceOf(InvalidSpecException.class);
      assertThatThrownBy(
              () -> images(store).exportLayout(image, directory.resolve("layout"), "a b"))
          .isInstanceOf(InvalidSpecException.class);
    }
  }

  @Test
  void a_directory_with_other_files_is_no_target_and_no_source() throws IOException {
    Files.writeString(Files.createDirectory(directory.resolve("full")).resolve("file"), "mine");
    try (var store = open("store")) {
      assertThatThrownBy(() -> images(store).exportLayout(image, directory.resolve("full")))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("has files, and is no layout");
      for (var none : List.of("full", "none")) {
        assertThatThrownBy(() -> images(store).importLayout(directory.resolve(none)))
            .isInstanceOf(ImageException.class);
        assertThatThrownBy(() -> store.prepare(Image.layout(directory.resolve(none))))
            .isInstanceOf(ImageException.class);
      }
    }
  }

  @Test
  void damaged_layouts_are_refused_and_leave_nothing() throws IOException {
    var layout = directory.resolve("layout");
    try (var store = open("store")) {
      images(store).exportLayout(image, layout);
    }
    var random = new Random(5);
    try (var other = open("other")) {
      for (var file : files(layout)) {
        var whole = Files.readAllBytes(file);
        for (int i = 0; i < 5; i++) {
          var damaged = whole.clone();
          damaged[random.nextInt(damaged.length)] ^= (byte) (1 + random.nextInt(255));
          Files.write(file, damaged);
          if (file.startsWith(layout.resolve("blobs"))) {
            assertRefused(other, layout);
          }
        }
        Files.write(file, Arrays.copyOf(whole, whole.length / 2));
        assertRefused(other, layout);
        Files.delete(file);
        assertRefused(other, layout);
        var elsewhere = Files.write(directory.resolve("elsewhere"), whole);
        Files.createSymbolicLink(file, elsewhere);
        assertRefused(other, layout);
        Files.delete(file);
        Files.write(file, whole);
      }
      assertThat(images(other).importLayout(layout).steps()).isEqualTo(2);
    }
  }

  private void assertRefused(ImageStore store, Path layout) {
    assertThatThrownBy(() -> images(store).importLayout(layout))
        .isInstanceOf(ImageException.class)
        .hasMessageStartingWith("Cannot import " + layout + ": ");
    assertThat(directory.resolve("other/images")).isEmptyDirectory();
    assertThat(directory.resolve("other/layers")).isEmptyDirectory();
    assertThat(directory.resolve("other/keys")).isEmptyDirectory();
  }

  private static List<Path> files(Path layout) throws IOException {
    var files = new ArrayList<Path>();
    try (var all = Files.walk(layout)) {
      all.filter(Files::isRegularFile).forEach(files::add);
    }
    return files;
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

  private SortedMap<String, String> unpacked(Path layout) throws IOException {
    var bundle = directory.resolve("bundle");
    var command = new ArrayList<>(List.of("umoci", "unpack", "--image", layout + ":latest"));
    if (!DebianPackages.isRoot()) {
      command.add("--rootless");
    }
    command.add(bundle.toString());
    DebianPackages.run(command.toArray(String[]::new));
    return Descriptions.ofHost(bundle.resolve("rootfs"));
  }

  private static void skopeo(String source, String target) throws IOException {
    DebianPackages.run(
        "skopeo", "--insecure-policy", "copy", "--src-tls-verify=false", source, target);
  }

  private static Images images(ImageStore store) {
    return new StoredImages(
        store,
        log ->
            (parent, prepared, step, layer) -> {
              throw new AssertionError("no step here needs a sandbox");
            });
  }

  private ImageStore open(String name) {
    return open(name, Map.of());
  }

  private ImageStore open(String name, Map<String, String> properties) {
    var insecure = properties.getOrDefault("sandboxed.registry.insecure", "");
    var all = new HashMap<String, String>(properties);
    all.put("sandboxed.registry.insecure", registry.host() + "," + insecure);
    all.put("sandboxed.registry.timeout", "PT20S");
    return ImageStore.open(
        directory.resolve(name),
        RegistrySettings.from(
            Settings.of(all, Map.of("DOCKER_CONFIG", directory.resolve("docker").toString()))));
  }

  private void login(String host, String both) throws IOException {
    Files.writeString(
        Files.createDirectories(directory.resolve("docker")).resolve("config.json"),
        "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}"
            .formatted(
                host, Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.UTF_8))));
  }

  private static SortedMap<String, String> contents(PreparedImage image) throws IOException {
    try (var reader = ErofsReader.open(image.erofs())) {
      return Descriptions.of(reader.tree());
    }
  }
}
