package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Image;
import dev.sandboxed.KeptImage;
import dev.sandboxed.PrunedImages;
import dev.sandboxed.Sandbox;
import dev.sandboxed.core.binaries.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The image of a running sandbox, and a store that may keep nothing. */
class PruneImagesTest {
  @TempDir private Path directory = Path.of("");

  @Test
  void theImageOfARunningSandboxStaysUntilItsEnd() throws Exception {
    var root = Files.createDirectory(directory.resolve("root"));
    TinyRoot.in(root);
    var properties = new HashMap<String, String>();
    System.getProperties().stringPropertyNames().stream()
        .filter(name -> name.startsWith("sandboxed.") || name.equals("user.home"))
        .forEach(name -> properties.put(name, System.getProperty(name)));
    properties.put("sandboxed.cache", directory.resolve("cache").toString());
    properties.put("sandboxed.images.max-size", "0");
    var settings = Settings.of(properties, System.getenv());
    try (var backend = GvisorBackend.open(settings)) {
      try (var sandbox = Sandbox.builder().backend(backend).image(Image.directory(root)).create()) {
        var kept = backend.images().list();
        assertThat(kept).hasSize(2).allMatch(k -> k.kind() == KeptImage.Kind.IMAGE);
        age();

        assertThat(backend.images().prune()).isEqualTo(pruned(0, 0));

        assertThat(backend.images().list()).hasSize(2);
        assertThat(sandbox.exec("cat", "/etc/group").await().stdout()).contains("app");
        sandbox.terminate();
      }
      age();
      var size = backend.images().list().stream().mapToLong(k -> k.size().bytes()).sum();

      assertThat(backend.images().prune()).isEqualTo(pruned(2, size));
      assertThat(backend.images().list()).isEmpty();
    }
  }

  private static PrunedImages pruned(int images, long bytes) {
    return new PrunedImages(images, 0, 0, new ByteSize(bytes));
  }

  /** Makes all files of images look unused for an hour. */
  private void age() throws IOException {
    try (var files = Files.list(directory.resolve("cache/images/images"))) {
      for (var file : files.toList()) {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
      }
    }
  }
}
