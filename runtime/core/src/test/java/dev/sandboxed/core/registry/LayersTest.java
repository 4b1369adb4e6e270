package dev.sandboxed.core.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import dev.sandboxed.ImageReference;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.terminal.StatusLine;
import dev.sandboxed.core.tree.ArchiveLimits;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.Node;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayersTest {
  private static final String TAR = "application/vnd.oci.image.layer.v1.tar";
  private static final String CONFIG = "application/vnd.oci.image.config.v1+json";

  @TempDir private Path directory = Path.of("");
  private FakeRegistry registry;

  @BeforeEach
  void start() throws IOException {
    registry = new FakeRegistry();
  }

  @AfterEach
  void stop() {
    registry.close();
  }

  @Test
  void what_unpacks_to_more_than_the_limit_is_refused_early() throws IOException {
    var bomb = FakeRegistry.tar(new byte[100 << 20]);
    for (var packed : List.of(FakeRegistry.gzip(bomb), Zstd.compress(bomb))) {
      push(packed, bomb);

      assertThatThrownBy(() -> fetch(new Limits(1 << 20, 10, new ArchiveLimits(10, 10 << 20))))
          .isInstanceOf(RegistryException.class)
          .hasMessage("The image unpacks to more than 10,485,760 bytes: refused");
      assertThat(directory).isEmptyDirectory();
    }
  }

  @Test
  void what_has_more_files_than_the_limit_is_refused() throws IOException {
    var tar = FakeRegistry.tar("a".getBytes(UTF_8));
    push(tar, tar);

    assertThat(fetch(new Limits(1 << 20, 10, new ArchiveLimits(1, 1 << 20)))).isEqualTo("a");
    assertThatThrownBy(() -> fetch(new Limits(1 << 20, 10, new ArchiveLimits(1, 1))))
        .hasMessageContaining("bytes: refused");
  }

  @Test
  void every_compression_and_several_members_of_one_are_unpacked() throws IOException {
    var content = "0123456789".repeat(50_000);
    var tar = FakeRegistry.tar(content.getBytes(UTF_8));
    var half = tar.length / 2;
    var first = Arrays.copyOf(tar, half);
    var second = Arrays.copyOfRange(tar, half, tar.length);
    var skipped = new byte[] {0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'x', 'y'};
    for (var packed :
        List.of(
            tar,
            FakeRegistry.gzip(tar),
            joined(FakeRegistry.gzip(first), FakeRegistry.gzip(second)),
            Zstd.compress(tar),
            joined(Zstd.compress(first), Zstd.compress(second)),
            joined(skipped, Zstd.compress(first), skipped, Zstd.compress(second)))) {
      push(packed, tar);

      assertThat(fetch(Limits.generous())).isEqualTo(content);
    }
  }

  @Test
  void a_layer_that_an_image_has_twice_is_fetched_once() throws IOException {
    var tar = FakeRegistry.tar("a".getBytes(UTF_8));
    var layer = registry.blob("app", TAR, tar);
    var digest = FakeRegistry.digest(tar);
    registry.manifest(
        "app", "1", FakeRegistry.manifestOf(config(digest, digest, digest), layer, layer, layer));

    assertThat(fetch(Limits.generous())).isEqualTo("a");
    assertThat(registry.requests().stream().filter(r -> r.endsWith(digest))).hasSize(1);
  }

  @Test
  void layers_that_are_not_those_of_the_configuration_are_refused() throws IOException {
    var tar = FakeRegistry.tar("a".getBytes(UTF_8));
    registry.manifest(
        "app", "1", FakeRegistry.manifestOf(config(), registry.blob("app", TAR, tar)));

    assertThatThrownBy(() -> fetch(Limits.generous()))
        .hasMessageContaining("The manifest has 1 layers and the configuration 0");
  }

  @Test
  void progress_is_shown_to_who_watches_and_goes_when_it_is_done() {
    var shown = new ArrayList<String>();
    try (var progress = new Progress(new StatusLine(shown::add, true), "app", 3 << 20)) {
      progress.accept(1 << 20);
    }
    assertThat(shown).containsExactly("\r\u001b[KFetching app: 1.0 of 3.0 MiB", "\r\u001b[K");
    shown.clear();
    try (var progress = new Progress(new StatusLine(shown::add, false), "app", 1)) {
      progress.accept(1);
    }
    assertThat(shown).isEmpty();
    assertThat(StatusLine.isWatched(Map.of("TERM", "xterm"), directory)).isFalse();
  }

  private void push(byte[] packed, byte[] tar) {
    var layer = registry.blob("app", TAR, packed);
    registry.manifest("app", "1", FakeRegistry.manifestOf(config(FakeRegistry.digest(tar)), layer));
  }

  private String config(String... layers) {
    return registry.blob("app", CONFIG, FakeRegistry.config(layers).getBytes(UTF_8));
  }

  /** Returns what is in the file of the image. */
  private String fetch(Limits limits) throws IOException {
    var settings =
        RegistrySettings.from(
            Settings.of(
                Map.of("sandboxed.registry.insecure", registry.host()),
                Map.of("DOCKER_CONFIG", directory.toString())));
    var architecture = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
    var client = new RegistryClient(settings, limits, architecture);
    var reference = ImageReference.parse(registry.host() + "/app:1");
    var image = client.resolve(reference);
    try (var layers = Layers.fetch(client, reference, image, limits, directory)) {
      return content(layers.tree());
    }
  }

  private static String content(FileTree tree) throws IOException {
    var bytes = new ByteArrayOutputStream();
    ((Node.Regular) tree.find("file").orElseThrow()).content().copyTo(Channels.newChannel(bytes));
    return bytes.toString(UTF_8);
  }

  private static byte[] joined(byte[]... parts) throws IOException {
    var all = new ByteArrayOutputStream();
    for (var part : parts) {
      all.write(part);
    }
    return all.toByteArray();
  }
}
