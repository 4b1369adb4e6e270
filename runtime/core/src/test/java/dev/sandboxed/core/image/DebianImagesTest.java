package dev.sandboxed.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.Image;
import dev.sandboxed.ImageException;
import dev.sandboxed.ImageStep;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.erofs.ErofsReader;
import dev.sandboxed.core.registry.RegistrySettings;
import dev.sandboxed.core.tree.Content;
import dev.sandboxed.core.tree.Metadata;
import dev.sandboxed.core.tree.Node;
import dev.sandboxed.core.tree.TarWriter;
import dev.sandboxed.core.tree.TreeBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DebianImagesTest {
  private static final String KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

  @TempDir Path directory;

  /** The root of a host that is Debian and has the tool. */
  private Path host = Path.of("");

  private final List<ImageStep.InSandbox> taken = new ArrayList<>();

  @BeforeEach
  void fillHost() throws IOException {
    host = directory.resolve("host");
    write("etc/os-release", "ID=debian\nVERSION_CODENAME=\"bookworm\"\n");
    write("etc/apt/sources.list", "deb http://deb.example/debian bookworm main\n");
    write(KEYRING.substring(1), "");
    Files.setPosixFilePermissions(
        write("usr/bin/mmdebstrap", ""), PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @Test
  void should_run_the_hosts_tool_in_a_sandbox_and_keep_what_it_built() throws IOException {
    try (var store = store(Duration.ofDays(7))) {
      var image = store.prepare(Image.debian("bookworm"), runner("one"));

      assertThat(issue(image)).isEqualTo("one");
      assertThat(image.mounts()).isEmpty();
      assertThat(store.prepare(Image.debian("bookworm"), runner("two"))).isEqualTo(image);
    }
    try (var later = store(Duration.ofDays(7))) {
      assertThat(issue(later.prepare(Image.debian("bookworm")))).isEqualTo("one");
    }
    var step = (ImageStep.Run) taken.get(0);
    assertThat(taken).hasSize(1);
    assertThat(step.command())
        .startsWith("mmdebstrap", "--mode=root", "--variant=apt")
        .endsWith(
            "bookworm",
            "/debian",
            "deb [signed-by=" + KEYRING + "] http://deb.example/debian bookworm main");
    assertThat(step.network()).isEqualTo(NetworkPolicy.allowPrivate("deb.example:80"));
  }

  @Test
  void should_be_built_anew_once_it_is_old_and_hold_on_if_that_fails() throws IOException {
    try (var store = store(Duration.ZERO)) {
      assertThat(issue(store.prepare(Image.debian("bookworm"), runner("one")))).isEqualTo("one");
      assertThat(issue(store.prepare(Image.debian("bookworm"), runner("two")))).isEqualTo("two");
      var kept =
          store.prepare(
              Image.debian("bookworm"),
              (parent, prepared, step, layer) -> {
                throw new ImageException("the mirror is not reached");
              });
      assertThat(issue(kept)).isEqualTo("two");
    }
  }

  @Test
  void should_be_another_image_for_another_suite_and_other_sources() throws IOException {
    try (var store = store(Duration.ofDays(7))) {
      store.prepare(Image.debian("bookworm"), runner("bookworm"));
      assertThat(issue(store.prepare(Image.debian("sid"), runner("sid")))).isEqualTo("sid");
      write("etc/apt/sources.list", "deb https://other.example/debian bookworm main\n");
      assertThat(issue(store.prepare(Image.debian("bookworm"), runner("new")))).isEqualTo("new");
    }
    assertThat(((ImageStep.Run) taken.get(2)).command()).contains("--include=ca-certificates");
  }

  @Test
  void should_be_built_again_if_its_files_are_gone() throws IOException {
    try (var store = store(Duration.ofDays(7))) {
      var image = store.prepare(Image.debian("bookworm"), runner("one"));
      Files.delete(image.erofs());
      assertThat(issue(store.prepare(Image.debian("bookworm")))).isEqualTo("one");

      Files.delete(image.erofs());
      try (var layers = Files.list(directory.resolve("store/layers"))) {
        for (var layer : layers.toList()) {
          Files.delete(layer);
        }
      }
      assertThat(issue(store.prepare(Image.debian("bookworm"), runner("two")))).isEqualTo("two");
    }
  }

  @Test
  void should_keep_nothing_of_a_tool_that_left_nothing() throws IOException {
    StepRunner idle =
        (parent, prepared, step, layer) -> {
          try (var out = Files.newOutputStream(layer)) {
            TarWriter.write(new TreeBuilder().directory("/", Metadata.root(0755)).build(), out);
          }
        };
    try (var store = store(Duration.ofDays(7))) {
      assertThatThrownBy(() -> store.prepare(Image.debian("bookworm"), idle))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("Debian bookworm")
          .hasMessageContaining("left no system");
    }
    try (var layers = Files.list(directory.resolve("store/layers"))) {
      assertThat(layers).isEmpty();
    }
  }

  @Test
  void should_say_what_to_install() throws IOException {
    Files.delete(host.resolve(KEYRING.substring(1)));
    assertRefused("bookworm", "Install the package debian-archive-keyring");
    Files.delete(host.resolve("usr/bin/mmdebstrap"));
    assertRefused("bookworm", "apt-get install mmdebstrap");
  }

  @Test
  void should_say_what_to_set_where_the_host_is_not_debian() throws IOException {
    write("etc/os-release", "ID=other\nVERSION_CODENAME=noble\n");
    write("etc/apt/sources.list", "deb http://archive.example/other noble main\n");

    assertRefused("bookworm", "-Dsandboxed.debian.mirror=");
  }

  @Test
  void should_read_its_settings() {
    var settings =
        DebianSettings.from(
            Settings.of(
                Map.of("sandboxed.debian.refresh", "PT0S"),
                Map.of("SANDBOXED_DEBIAN_MIRROR", "http://mirror.example/debian")));

    assertThat(settings.mirror()).contains("http://mirror.example/debian");
    assertThat(settings.refresh()).isEqualTo(Duration.ZERO);
    for (var wrong : List.of("a week", "-PT1H")) {
      var given = Settings.of(Map.of("sandboxed.debian.refresh", wrong), Map.of());
      assertThatThrownBy(() -> DebianSettings.from(given))
          .isInstanceOf(InvalidSpecException.class)
          .hasMessageContaining("sandboxed.debian.refresh has \"" + wrong + "\"");
    }
  }

  private void assertRefused(String suite, String message) {
    try (var store = store(Duration.ofDays(7))) {
      assertThatThrownBy(() -> store.prepare(Image.debian(suite), runner("never")))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining(message);
    }
    assertThat(taken).isEmpty();
  }

  private ImageStore store(Duration refresh) {
    return ImageStore.open(
        directory.resolve("store"),
        RegistrySettings.from(Settings.ofProcess()),
        new DebianSettings(Optional.empty(), refresh, host),
        StoreLimits.DEFAULT);
  }

  /** Leaves what the tool leaves: a system below a directory, and something of its own. */
  private StepRunner runner(String issue) {
    return (parent, prepared, step, layer) -> {
      assertThat(parent).isEqualTo(Image.host());
      assertThat(prepared.erofs()).exists();
      taken.add(step);
      var tree =
          new TreeBuilder()
              .directory("/", Metadata.root(0755))
              .directory("debian", Metadata.root(0755))
              .file("debian/etc/issue", Metadata.root(0644), content(issue))
              .file("var/tmp/other", Metadata.root(0644), content("other"))
              .build();
      try (var out = Files.newOutputStream(layer)) {
        TarWriter.write(tree, out);
      }
    };
  }

  private String issue(PreparedImage image) throws IOException {
    try (var reader = ErofsReader.open(image.erofs())) {
      assertThat(reader.tree().paths()).containsExactly("etc", "etc/issue");
      var issue = (Node.Regular) reader.tree().find("etc/issue").orElseThrow();
      var out = new ByteArrayOutputStream();
      issue.content().copyTo(Channels.newChannel(out));
      return out.toString(StandardCharsets.UTF_8);
    }
  }

  private static Content content(String text) {
    return Content.of(text.getBytes(StandardCharsets.UTF_8));
  }

  private Path write(String name, String text) throws IOException {
    var file = host.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }
}
