package dev.sandboxed.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.Image;
import dev.sandboxed.ImageException;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.erofs.ErofsReader;
import dev.sandboxed.core.registry.RegistrySettings;
import dev.sandboxed.core.support.DockerRegistry;
import dev.sandboxed.core.tree.Descriptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.SortedMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Images of Dockerfiles on a registry's image, as far as they need no sandbox. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DockerfileStoreTest {
  private DockerRegistry registry;

  @TempDir private Path directory = Path.of("");

  @BeforeAll
  void fill(@TempDir Path shared) throws IOException {
    registry = DockerRegistry.plain(Files.createDirectory(shared.resolve("registry")));
    new OciLayout(shared).filled().push(registry.host() + "/app:1", "--dest-tls-verify=false");
  }

  @AfterAll
  void stop() {
    registry.close();
  }

  @Test
  void files_and_configuration_come_from_the_base_and_the_instructions() throws IOException {
    write("sub/a.txt", "a");
    write("b.txt", "b");
    write(
        "Dockerfile",
        """
        ARG HOST
        FROM ${HOST}/app:1 AS base
        ENV PLACE=$A-there PATH=/own:$PATH
        WORKDIR lower
        COPY --chmod=0640 sub /lib/
        COPY b.txt .
        COPY <<EOF /etc/motd
        at $PLACE
        EOF
        FROM scratch
        COPY --from=base /usr/l?b/a.txt /etc/motd /copied/
        ENTRYPOINT ["/copied/a.txt"]
        FROM base
        USER 7:8
        """);
    var dockerfile =
        Image.dockerfile(directory.resolve("Dockerfile")).argument("HOST", registry.host());
    try (var store = open()) {
      var last = store.prepare(dockerfile);
      var files = contents(last);

      assertThat(last.environment())
          .containsEntry("A", "b=c")
          .containsEntry("PLACE", "b=c-there")
          .hasEntrySatisfying("PATH", path -> assertThat(path).startsWith("/own:/usr/local/sbin"));
      assertThat(last.workingDirectory()).isEqualTo("/srv/app/lower");
      assertThat(last.user()).contains("7:8");
      assertThat(files.get("usr/lib/a.txt")).startsWith("regular 640 0:0");
      assertThat(files.get("lib")).isEqualTo(files.get("lib")).startsWith("symlink");
      assertThat(files).containsKeys("srv/app/lower/b.txt", "etc/motd", "srv/app/far");

      var second = contents(store.prepare(dockerfile.target("1")));
      assertThat(second).containsOnlyKeys("", "copied", "copied/a.txt", "copied/motd");
      assertThat(store.prepare(dockerfile.target("1")).entrypoint())
          .containsExactly("/copied/a.txt");
    }
  }

  @Test
  void a_failure_names_file_line_and_instruction() throws IOException {
    write("Dockerfile", "FROM scratch\nCOPY none /\n");
    try (var store = open()) {
      assertThatThrownBy(() -> store.prepare(Image.dockerfile(directory.resolve("Dockerfile"))))
          .isInstanceOf(ImageException.class)
          .hasMessage(
              directory.resolve("Dockerfile")
                  + ":2: COPY: none is not in the context, or left out by its .dockerignore");
    }
  }

  private ImageStore open() {
    return ImageStore.open(
        directory.resolve("store"),
        RegistrySettings.from(
            Settings.of(Map.of("sandboxed.registry.insecure", registry.host()), Map.of())));
  }

  private void write(String name, String text) throws IOException {
    var file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
  }

  private static SortedMap<String, String> contents(PreparedImage image) throws IOException {
    try (var reader = ErofsReader.open(image.erofs())) {
      return Descriptions.of(reader.tree());
    }
  }
}
