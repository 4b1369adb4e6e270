package dev.sandboxed.core.image;

import static dev.sandboxed.core.registry.FakeRegistry.answer;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import dev.sandboxed.Image;
import dev.sandboxed.ImageException;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.erofs.StrictErofsReader;
import dev.sandboxed.core.registry.FakeRegistry;
import dev.sandboxed.core.registry.RegistrySettings;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Registries that fail, lie or wait: a clear error or the right image, and never a broken one. */
class HostileRegistryTest {
  @TempDir private Path directory = Path.of("");
  private FakeRegistry registry;
  private String manifest = "";

  @BeforeEach
  void start() throws IOException {
    registry = new FakeRegistry();
    manifest = registry.image("app", "1", "content");
  }

  @AfterEach
  void stop() {
    registry.close();
  }

  @Test
  void a_blob_of_other_bytes_is_never_used() throws IOException {
    registry.misbehaving(
        "/blobs/",
        exchange -> {
          var bytes = content(exchange.getRequestURI().getPath());
          bytes[bytes.length / 2] ^= 1;
          exchange.sendResponseHeaders(200, bytes.length);
          exchange.getResponseBody().write(bytes);
          return true;
        });

    assertFails("app:1", "is damaged or false: it has the digest sha256:");
    registry.misbehaving(exchange -> false);
    assertWorks();
  }

  @Test
  void a_registry_that_always_stops_half_way_is_named_and_one_that_did_so_once_works()
      throws IOException {
    FakeRegistry.Misbehaviour half =
        exchange -> {
          var bytes = content(exchange.getRequestURI().getPath());
          exchange.sendResponseHeaders(200, bytes.length);
          exchange.getResponseBody().write(bytes, 0, bytes.length / 2);
          exchange.getResponseBody().flush();
          throw new IOException("closed by the test");
        };
    registry.misbehaving("/blobs/", half);
    assertFails("app:1", "broke off");

    var times = new AtomicInteger();
    registry.misbehaving("/blobs/", e -> times.incrementAndGet() <= 3 && half.answer(e));
    assertWorks();
  }

  @Test
  void a_registry_that_falls_silent_is_given_up() throws IOException {
    var end = new CountDownLatch(1);
    try {
      registry.misbehaving(
          "/blobs/",
          exchange -> {
            exchange.sendResponseHeaders(200, 1000);
            exchange.getResponseBody().write(new byte[10]);
            exchange.getResponseBody().flush();
            awaited(end);
            return true;
          });
      try (var store = open(Map.of("sandboxed.registry.timeout", "PT0.3S"))) {
        assertThatThrownBy(() -> store.prepare(image("app:1")))
            .isInstanceOf(ImageException.class)
            .hasMessageContaining("The registry " + registry.host() + " sent nothing for");
      }
      assertNothingIsLeft();
    } finally {
      end.countDown();
    }
  }

  @Test
  void a_manifest_of_another_digest_is_refused() throws IOException {
    var other = registry.image("other", "1", "other content");
    registry.put("app/manifests/" + manifest, "text/plain", manifestOf("other/manifests/" + other));

    assertFails("app@" + manifest, "sent a manifest with the digest " + other);
  }

  @Test
  void a_manifest_that_is_not_what_its_header_says_is_refused() throws IOException {
    registry.misbehaving(
        "/manifests/1",
        exchange ->
            answer(
                exchange, 200, Map.of("Docker-Content-Digest", manifest), "{\"schemaVersion\":2}"));

    assertFails("app:1", "instead of " + manifest);
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void without_access_the_way_in_is_named(int status) throws IOException {
    registry.misbehaving(
        exchange ->
            answer(
                exchange,
                status,
                Map.of("WWW-Authenticate", "Basic realm=\"x\""),
                "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"not \\u001b[31myou\"}]}"));

    assertThat(assertFails("app:1", "gives no access to app (" + status))
        .contains("there are no credentials for it")
        .contains("docker login " + registry.host())
        .doesNotContain("\u001b");
  }

  @Test
  void what_is_missing_is_named() throws IOException {
    assertFails("app:2", "has no " + registry.host() + "/app:2: MANIFEST_UNKNOWN not here");
    registry.misbehaving("/blobs/", exchange -> answer(exchange, 404, Map.of(), ""));
    assertFails("app:1", "has no ");
  }

  @Test
  void a_busy_registry_is_asked_again_when_it_says() throws IOException {
    var times = new AtomicInteger();
    registry.misbehaving(
        exchange ->
            times.incrementAndGet() % 3 != 0
                && answer(exchange, 429, Map.of("Retry-After", "0"), ""));

    assertWorks();
  }

  @Test
  void a_registry_that_asks_to_come_back_much_later_is_an_error_at_once() throws IOException {
    registry.misbehaving(
        exchange -> answer(exchange, 429, Map.of("Retry-After", "3600"), "too many"));

    assertFails("app:1", "takes no more requests now (429)");
    assertThat(registry.requests()).hasSize(1);
  }

  @Test
  void a_failing_registry_is_asked_five_times() throws IOException {
    registry.misbehaving(exchange -> answer(exchange, 503, Map.of(), "down"));

    assertFails("app:1", "The registry " + registry.host() + " failed (503)");
    assertThat(registry.requests()).hasSize(5);
  }

  @Test
  void a_manifest_without_end_is_not_read_to_it() throws IOException {
    registry.misbehaving("/manifests/", exchange -> endless(exchange.getResponseBody(), exchange));

    assertFails("app:1", "The manifest has more than 4,194,304 bytes: refused");
  }

  @Test
  void an_error_without_end_is_not_read_to_it() throws IOException {
    registry.misbehaving(
        "/manifests/",
        exchange -> {
          exchange.sendResponseHeaders(400, 0);
          return endlessly(exchange.getResponseBody());
        });

    assertFails("app:1", "answered 400");
  }

  @Test
  void a_blob_longer_than_its_manifest_says_is_not_read_to_the_end() throws IOException {
    registry.misbehaving("/blobs/", exchange -> endless(exchange.getResponseBody(), exchange));

    assertFails("app:1", "is longer than the");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[] # is not a JSON object",
        "{ # is not valid JSON",
        "{\"schemaVersion\":1,\"mediaType\":\"x\"} # has the first schema",
        "{\"schemaVersion\":2,\"mediaType\":\"application/x\"} # of the type \"application/x\"",
        "{\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[],\"layers\":[]}"
            + " # both",
        "{\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[{\"digest\":\"../x\",\"size\":1}]}"
            + " # valid digest",
        "{\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[]} # no image"
            + " for linux",
        "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"layers\":[]} # valid"
            + " digest",
        "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":\"chart\",\"digest\":\"sha256:aa\",\"size\":1}}"
            + " # valid digest",
        "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":\"chart\",\"digest\":\"DIGEST\",\"size\":1}}"
            + " # artifact of the type \"chart\"",
        "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":CONFIG,\"layers\":[{\"mediaType\":\"x\",\"digest\":\"DIGEST\",\"size\":1}]}"
            + " # layer of the type \"x\"",
        "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":CONFIG,\"layers\":[]}"
            + " # no layers",
        "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":CONFIG,\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"DIGEST\",\"size\":9223372036854775807}]}"
            + " # more than 1,000 layers or",
        "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":CONFIG,\"layers\":[MANY]}"
            + " # more than 1,000 layers or",
      })
  void a_document_that_is_no_image_is_refused(String both) throws IOException {
    var digest = "sha256:" + "ab".repeat(32);
    var layer =
        "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\",\"size\":1}"
            .formatted(digest);
    var text =
        both.split(" # ")[0]
            .replace(
                "CONFIG",
                "{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"DIGEST\",\"size\":2}")
            .replace("DIGEST", digest)
            .replace(
                "MANY", Stream.generate(() -> layer).limit(1001).collect(Collectors.joining(",")));
    registry.manifest("app", "1", text);

    assertFails("app:1", both.split(" # ")[1]);
  }

  @Test
  void an_image_for_another_processor_is_refused() throws IOException {
    var config =
        registry.blob(
            "app",
            "application/vnd.oci.image.config.v1+json",
            "{\"os\":\"linux\",\"architecture\":\"s390x\"}".getBytes(UTF_8));
    var layer = registry.blob("app", "application/vnd.oci.image.layer.v1.tar", "x".getBytes(UTF_8));
    registry.manifest("app", "1", FakeRegistry.manifestOf(config, layer));

    assertFails("app:1", "The image is for linux/s390x, and this machine runs linux/");
  }

  @Test
  void a_layer_that_unpacks_to_something_else_is_refused() throws IOException {
    var config =
        registry.blob(
            "app",
            "application/vnd.oci.image.config.v1+json",
            FakeRegistry.config("sha256:" + "00".repeat(32)).getBytes(UTF_8));
    var layer = registry.blob("app", "application/vnd.oci.image.layer.v1.tar", "x".getBytes(UTF_8));
    registry.manifest("app", "1", FakeRegistry.manifestOf(config, layer));

    assertFails("app:1", "and the image's configuration says sha256:0000");
  }

  @Test
  void a_layer_with_a_damaged_compression_is_named() throws IOException {
    var bytes = new byte[] {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 99, 99};
    var config =
        registry.blob(
            "app",
            "application/vnd.oci.image.config.v1+json",
            FakeRegistry.config("sha256:" + "00".repeat(32)).getBytes(UTF_8));
    var layer = registry.blob("app", "application/vnd.oci.image.layer.v1.tar+gzip", bytes);
    registry.manifest("app", "1", FakeRegistry.manifestOf(config, layer));

    assertFails("app:1", "was pushed with a damaged compression");
  }

  @Test
  void a_token_is_fetched_with_the_password_and_not_sent_to_where_a_redirect_leads()
      throws IOException {
    try (var other = new FakeRegistry()) {
      login("me:s3cret");
      var seen = new AtomicReference<String>("");
      var basic = "Basic " + Base64.getEncoder().encodeToString("me:s3cret".getBytes(UTF_8));
      registry.misbehaving(
          exchange -> {
            var path = exchange.getRequestURI().getPath();
            var sent = exchange.getRequestHeaders().getFirst("Authorization");
            if (path.equals("/token")) {
              var query = exchange.getRequestURI().getRawQuery();
              var wanted = "service=s&scope=repository%3Aapp%3Apull";
              return (basic.equals(sent) && query.equals(wanted))
                  ? answer(exchange, 200, Map.of(), "{\"token\":\"t0ken\"}")
                  : answer(exchange, 403, Map.of(), "");
            }
            if (!"Bearer t0ken".equals(sent)) {
              var realm =
                  "Bearer realm=\"http://%s/token\",service=\"s\",scope=\"ignored\""
                      .formatted(registry.host());
              return answer(exchange, 401, Map.of("WWW-Authenticate", realm), "");
            }
            return path.contains("/blobs/")
                && answer(exchange, 307, Map.of("Location", "http://" + other.host() + path), "");
          });
      other.misbehaving(
          exchange -> {
            seen.set(seen.get() + exchange.getRequestHeaders().getFirst("Authorization"));
            var bytes = content(exchange.getRequestURI().getPath());
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            return true;
          });

      assertWorks();
      assertThat(seen.get()).isEqualTo("nullnull");
    }
  }

  @Test
  void an_identity_token_is_not_sent_to_where_a_redirect_leads() throws IOException {
    try (var other = new FakeRegistry()) {
      configure("{\"auths\":{\"%s\":{\"identitytoken\":\"s3cret\"}}}".formatted(registry.host()));
      registry.misbehaving(
          exchange -> {
            if (exchange.getRequestURI().getPath().equals("/token")) {
              return answer(exchange, 307, Map.of("Location", "http://" + other.host() + "/"), "");
            }
            var realm = "Bearer realm=\"http://%s/token\"".formatted(registry.host());
            return answer(exchange, 401, Map.of("WWW-Authenticate", realm), "");
          });

      assertFails("app:1", registry.host() + " redirects a request with a token");
      assertThat(other.requests()).isEmpty();
    }
  }

  @Test
  void redirects_end() throws IOException {
    registry.misbehaving(
        exchange ->
            answer(exchange, 302, Map.of("Location", exchange.getRequestURI().getPath()), ""));

    assertFails("app:1", "redirects more than 5 times");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "file:///etc/passwd", "::", "gopher://127.0.0.1/"})
  void a_redirect_to_no_web_address_is_refused(String location) throws IOException {
    registry.misbehaving(exchange -> answer(exchange, 302, Map.of("Location", location), ""));

    assertFails("app:1", "refused");
  }

  @Test
  void a_tag_is_looked_up_again_only_when_that_is_old_and_a_digest_never() throws IOException {
    try (var store = open(Map.of())) {
      var first = store.prepare(image("app:1"));
      var requests = registry.requests().size();
      registry.image("app", "1", "new content");

      assertThat(store.prepare(image("app:1"))).isEqualTo(first);
      assertThat(registry.requests()).hasSize(requests);
    }
    try (var store = open(Map.of("sandboxed.registry.refresh", "PT0S"))) {
      var second = store.prepare(image("app:1"));
      assertThat(text(second)).contains("11 ");
      var requests = registry.requests().size();
      assertThat(store.prepare(image("app:1"))).isEqualTo(second);
      assertThat(registry.requests().subList(requests, registry.requests().size()))
          .containsExactly("HEAD /v2/app/manifests/1");

      var pinned = store.prepare(image("app@" + manifest));
      registry.close();
      assertThat(store.prepare(image("app@" + manifest))).isEqualTo(pinned);
      assertThat(text(pinned)).contains("7 ");
      assertThat(store.prepare(image("app:1"))).isEqualTo(second);
      assertThatThrownBy(() -> store.prepare(image("app:2")))
          .hasMessageContaining("The registry " + registry.host() + " cannot be reached");
    }
  }

  @Test
  void a_tag_that_is_gone_or_closed_does_not_live_on() throws IOException {
    try (var store = open(Map.of("sandboxed.registry.refresh", "PT0S"))) {
      store.prepare(image("app:1"));
      registry.misbehaving(exchange -> answer(exchange, 404, Map.of(), ""));

      assertThatThrownBy(() -> store.prepare(image("app:1"))).hasMessageContaining("has no");
    }
  }

  @Test
  void a_damaged_record_or_image_is_made_again() throws IOException {
    try (var store = open(Map.of())) {
      var image = store.prepare(image("app:1"));
      try (var records = Files.list(directory.resolve("store/keys"))) {
        for (var record : records.toList()) {
          Files.delete(record);
          Files.writeString(record, "{\"erofs\":\"../../x\"}");
        }
      }
      Files.delete(image.erofs());
      Files.writeString(image.erofs(), "damaged");

      assertThat(store.prepare(image("app:1"))).isEqualTo(image);
      assertThat(text(image)).contains("7 ");
    }
  }

  @Test
  void many_threads_and_stores_fetch_an_image_once() throws Exception {
    try (var first = open(Map.of());
        var second = open(Map.of())) {
      var threads = Executors.newFixedThreadPool(8);
      try {
        var work = new ArrayList<Callable<PreparedImage>>();
        for (int i = 0; i < 8; i++) {
          var store = i % 2 == 0 ? first : second;
          work.add(() -> store.prepare(image("app:1")));
        }
        var images = new ArrayList<PreparedImage>();
        for (Future<PreparedImage> each : threads.invokeAll(work)) {
          images.add(each.get());
        }
        assertThat(images).containsOnly(images.get(0));
      } finally {
        threads.shutdownNow();
      }
    }
    assertThat(registry.requests().stream().filter(r -> r.contains(layerPath()))).hasSize(1);
  }

  private String layerPath() {
    var text = new String(content("/v2/app/manifests/1"), UTF_8);
    return text.replaceAll("(?s).*\"layers\":.*(sha256:[0-9a-f]{64}).*", "$1");
  }

  private void assertWorks() throws IOException {
    try (var store = open(Map.of())) {
      var image = store.prepare(image("app:1"));
      assertThat(text(image)).startsWith("regular 644 ").contains(" 7 ");
    }
  }

  /** Returns the message. */
  private String assertFails(String reference, String message) throws IOException {
    var text = new AtomicReference<String>("");
    try (var store = open(Map.of())) {
      assertThatThrownBy(() -> store.prepare(image(reference)))
          .isInstanceOf(ImageException.class)
          .hasMessageStartingWith(
              "Cannot make the image " + registry.host() + "/" + reference + ": ")
          .hasMessageContaining(message)
          .satisfies(e -> text.set(e.getMessage()));
    }
    assertNothingIsLeft();
    return text.get();
  }

  private void assertNothingIsLeft() {
    assertThat(directory.resolve("store/images")).isEmptyDirectory();
    assertThat(directory.resolve("store/keys")).isEmptyDirectory();
  }

  private ImageStore open(Map<String, String> properties) {
    var all = new HashMap<String, String>(Map.of("sandboxed.registry.insecure", registry.host()));
    all.putAll(properties);
    return ImageStore.open(
        directory.resolve("store"),
        RegistrySettings.from(
            Settings.of(all, Map.of("DOCKER_CONFIG", directory.resolve("docker").toString()))));
  }

  private Image image(String reference) {
    return Image.registry(registry.host() + "/" + reference);
  }

  private void login(String both) throws IOException {
    configure(
        "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}"
            .formatted(registry.host(), Base64.getEncoder().encodeToString(both.getBytes(UTF_8))));
  }

  private void configure(String json) throws IOException {
    Files.writeString(
        Files.createDirectories(directory.resolve("docker")).resolve("config.json"), json);
  }

  private byte[] content(String path) {
    return registry.content(path).orElseThrow().clone();
  }

  private byte[] manifestOf(String path) {
    return content("/v2/" + path);
  }

  private static String text(PreparedImage image) throws IOException {
    try (var reader = new StrictErofsReader(image.erofs())) {
      return reader.describe().getOrDefault("file", "");
    }
  }

  private static boolean endless(OutputStream out, HttpExchange e) throws IOException {
    e.sendResponseHeaders(200, 0);
    return endlessly(out);
  }

  private static boolean endlessly(OutputStream out) throws IOException {
    var bytes = new byte[1 << 20];
    while (true) {
      out.write(bytes);
    }
  }

  private static void awaited(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
