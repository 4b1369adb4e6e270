package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.Backend;
import dev.sandboxed.Image;
import dev.sandboxed.ImageBuildException;
import dev.sandboxed.Sandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A Dockerfile as projects have them, on an image of a registry, built, run and carried on. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DockerfileTest {
  private final BuildEvents events = new BuildEvents();
  private LocalRegistry registry;
  private Backend backend;
  private Path shared = Path.of("");

  @TempDir private Path context = Path.of("");

  @BeforeAll
  void open(@TempDir Path directory) throws IOException, InterruptedException {
    shared = directory;
    registry = LocalRegistry.in(directory);
    backend = open("cache");
    var root = TinyRoot.in(Files.createDirectory(directory.resolve("root"))).directory();
    backend
        .images()
        .push(
            Image.directory(root).env("FROM_BASE", "yes").workdir("/srv"),
            registry.host() + "/library/tiny:1");
  }

  private Backend open(String cache) {
    return GvisorBackend.open(
        TestSettings.with(
            Map.of(
                "sandboxed.cache",
                shared.resolve(cache).toString(),
                "sandboxed.registry",
                registry.host(),
                "sandboxed.registry.insecure",
                registry.host())),
        events);
  }

  @AfterEach
  void nothingOfABuildRunsOn() {
    await().atMost(Duration.ofMinutes(2)).until(() -> Hosts.keepers() == 0);
  }

  @AfterAll
  void close() throws InterruptedException {
    if (backend != null) {
      backend.close();
    }
    if (registry != null) {
      registry.close();
    }
  }

  @Test
  void it_is_built_run_and_carried_to_another_store() throws IOException {
    write("entrypoint.sh", "#!/bin/sh\nset -eu\necho \"started as $(id -u): $*\"\nexec \"$@\"\n");
    Files.setPosixFilePermissions(
        context.resolve("entrypoint.sh"), PosixFilePermissions.fromString("rwxr-xr-x"));
    write("src/part", "made of parts");
    write("src/part.orig", "not wanted");
    write(".dockerignore", "**/*.orig\n");
    write(
        "Dockerfile",
        """
        # syntax=docker/dockerfile:1
        ARG TINY=0
        FROM tiny:${TINY} AS build
        ARG GREETING="hello"
        WORKDIR /build
        COPY src/ ./
        RUN set -eux; \\
            # as upstream writes it
            [ "$FROM_BASE" = yes ]; \\
            mkdir -p out/deep; \\
            for f in part*; do echo "$GREETING $f: $(cat "$f")"; done > out/deep/file; \\
            chmod 600 out/deep/file

        FROM tiny:${TINY}
        ENV DATA=/srv/data PATH=/opt/app:$PATH
        RUN <<EOF
        mkdir -p "$DATA" && chmod 1777 "$DATA"
        rm -f /etc/mtab
        EOF
        COPY --from=build --chown=app:app /build/out/ /opt/app/
        COPY --chmod=0755 entrypoint.sh /opt/app/
        WORKDIR $DATA
        USER app
        RUN ["sh", "-c", "id -u > mine; pwd >> mine"]
        ENTRYPOINT ["entrypoint.sh"]
        CMD ["cat", "mine"]
        """);
    var image =
        Image.dockerfile(context.resolve("Dockerfile"))
            .argument("TINY", "1")
            .argument("GREETING", "good day");
    var seen = view(backend, image);

    assertThat(seen)
        .isEqualTo(
            "1234\n/srv/data\ngood day part: made of parts\n"
                + "/opt/app/deep/file 1234:1235 600\n/opt/app/entrypoint.sh 0:0 755\n"
                + "/srv/data 0:0 1777\n");
    try (var sandbox =
        Sandbox.builder().backend(backend).image(image).command("cat", "mine").create()) {
      assertThat(sandbox.entrypoint().orElseThrow().stdout().text())
          .isEqualTo("started as 1234: cat mine\n1234\n/srv/data\n");
    }

    var layout = shared.resolve("layout");
    backend.images().exportLayout(image, layout);
    events.takeStarted();
    try (var other = open("other")) {
      assertThat(other.images().importLayout(layout).steps()).isEqualTo(4);
      assertThat(view(other, Image.layout(layout))).isEqualTo(seen);
      var pushed = other.images().push(Image.layout(layout), registry.host() + "/team/app:1");
      assertThat(view(other, Image.registry(pushed.toString()))).isEqualTo(seen);
    }
    assertThat(events.takeStarted()).isEmpty();
  }

  @Test
  void scratch_and_an_archive_make_an_image() throws IOException, InterruptedException {
    var root = shared.resolve("root");
    var tar =
        new ProcessBuilder(
                "tar", "-C", root.toString(), "-czf", context.resolve("r.tgz").toString(), ".")
            .inheritIO()
            .start();
    assertThat(tar.waitFor()).isZero();
    write("Dockerfile", "FROM scratch\nADD r.tgz /\nRUN echo built > /built\n");

    assertThat(output(backend, Image.dockerfile(context.resolve("Dockerfile")), "cat", "/built"))
        .isEqualTo("built\n");
  }

  @Test
  void a_failed_run_says_what_it_printed() throws IOException {
    write("Dockerfile", "FROM tiny:1\nRUN echo last words; exit 3\n");

    assertThatThrownBy(
            () -> backend.images().prepare(Image.dockerfile(context.resolve("Dockerfile"))))
        .isInstanceOfSatisfying(
            ImageBuildException.class,
            e -> assertThat(e.getMessage()).contains("exit 3", "last words"));
  }

  private static String view(Backend backend, Image image) {
    return output(
        backend,
        image.user("0"),
        "sh",
        "-c",
        "cat mine /opt/app/deep/file; stat -c '%n %u:%g %a' /opt/app/deep/file"
            + " /opt/app/entrypoint.sh /srv/data");
  }

  private static String output(Backend backend, Image image, String... command) {
    try (var sandbox = Sandbox.builder().backend(backend).image(image).create()) {
      return sandbox.exec(command).await().stdout();
    }
  }

  private void write(String name, String text) throws IOException {
    Files.createDirectories(context.resolve(name).getParent());
    Files.writeString(context.resolve(name), text);
  }
}
