package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.Backends;
import dev.sandboxed.Image;
import dev.sandboxed.ImageStep;
import dev.sandboxed.KeptImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.logging.SystemStreamLog;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Carries what one store has to another, each of its own and not the user's. */
@Isolated("it sets the property that says where the store is")
class CacheGoalsTest {
  private static final String STORE = "sandboxed.cache";
  private final List<String> lines = new ArrayList<>();
  private @Nullable String before;
  @TempDir private Path directory;

  @BeforeEach
  void noteTheStore() {
    before = System.getProperty(STORE);
  }

  @AfterEach
  void restoreTheStore() {
    if (before == null) {
      System.clearProperty(STORE);
    } else {
      System.setProperty(STORE, before);
    }
  }

  @Test
  void carriesTheCacheToAnotherMachine() throws Exception {
    store("one");
    var image = Image.host().with(ImageStep.write("/etc/made", "here"));
    try (var backend = Backends.open()) {
      backend.images().prepare(image);
    }
    run(new ExportMojo());
    assertThat(lines)
        .singleElement()
        .asString()
        .matches("INFO Exported, .*/cache: 1 step of images, 0 snapshots, [0-9,]+ bytes");

    store("two");
    assertThat(json(new ImportMojo()))
        .matches("\\{\"steps\":1,\"snapshots\":0,\"bytes\":\\d+,\"leftOut\":\\[]}\n");
    try (var backend = Backends.open()) {
      var layers =
          backend.images().list().stream().filter(k -> k.kind() == KeptImage.Kind.LAYER).toList();
      backend.images().prepare(image);
      assertThat(backend.images().list().stream().filter(k -> k.kind() == KeptImage.Kind.LAYER))
          .extracting(KeptImage::id)
          .containsExactlyElementsOf(layers.stream().map(KeptImage::id).toList());
    }
  }

  @Test
  void failsNoBuildForACacheThatIsMissingOrDamaged() throws Exception {
    store("one");
    run(new ImportMojo());
    assertThat(lines)
        .first()
        .asString()
        .isEqualTo(
            "INFO Imported, "
                + directory.resolve("cache")
                + ": 0 steps of images, 0 snapshots, 0 bytes");
    assertThat(lines)
        .last()
        .isEqualTo("WARN Left out: there is no directory " + directory.resolve("cache"));
    lines.clear();
    Files.createDirectory(directory.resolve("cache"));
    Files.writeString(directory.resolve("cache/sandboxed-cache.json"), "{\"\u001b[2J::error::x");
    run(new ImportMojo());
    assertThat(lines)
        .last()
        .asString()
        .contains("sandboxed-cache.json is damaged; export it again")
        .doesNotContain("\u001b");
  }

  @Test
  void refusesParametersThatMakeNoSense() throws Exception {
    store("one");
    var goal = new ExportMojo();
    goal.size = "much";
    assertThatThrownBy(() -> run(goal))
        .isInstanceOf(MojoExecutionException.class)
        .hasMessageStartingWith("sandbox.cache.size: ");
    Files.createDirectory(directory.resolve("cache"));
    Files.writeString(directory.resolve("cache/precious"), "x");
    assertThatThrownBy(() -> run(new ExportMojo()))
        .isInstanceOf(MojoExecutionException.class)
        .hasMessageContaining("name an empty or a new one");
  }

  private void store(String name) throws IOException {
    System.setProperty(STORE, Files.createDirectories(directory.resolve(name)).toString());
  }

  private void run(AbstractCacheMojo goal) throws Exception {
    goal.cache = directory.resolve("cache").toFile();
    goal.setLog(
        new SystemStreamLog() {
          @Override
          public void info(CharSequence content) {
            lines.add("INFO " + content);
          }

          @Override
          public void warn(CharSequence content) {
            lines.add("WARN " + content);
          }
        });
    goal.execute();
  }

  private String json(AbstractCacheMojo goal) throws Exception {
    var bytes = new ByteArrayOutputStream();
    goal.output = "json";
    goal.stdout = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    run(goal);
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
