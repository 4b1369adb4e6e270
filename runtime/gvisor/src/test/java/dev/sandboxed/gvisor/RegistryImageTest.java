package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.Backend;
import dev.sandboxed.Image;
import dev.sandboxed.ImageBuildException;
import dev.sandboxed.Sandbox;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Sandboxes of an image that other tools made and put into a registry. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RegistryImageTest {
  /** A shell and some programs of the host's, in two layers of which the second removes a file. */
  private static final String BUILD =
      """
      cd "$1"
      mkdir -p root/usr/bin root/tmp root/etc root/srv
      (
        cd root
        for d in bin sbin lib lib64; do ln -s usr/$d $d; mkdir -p usr/$d; done
        for p in sh cat id ls env; do cp -L "$(command -v $p)" usr/bin/; done
        ldd usr/bin/* | sed -n 's/.*\\s\\(\\/[^ ]*\\) (.*/\\1/p' | sort -u | while read -r l; do mkdir -p ".$(dirname "$l")"; cp -L "$l" ".$l"; done
        echo 'root:x:0:0::/root:/bin/sh' > etc/passwd
        echo 'app:x:1234:1235::/srv/home:/bin/sh' >> etc/passwd
        echo 'app:x:1235:' > etc/group
        echo removed > srv/removed
        echo old > srv/changed
      )
      tar --numeric-owner --owner=0 --group=0 -cf lower.tar -C root .
      mkdir -p over/srv
      touch over/srv/.wh.removed
      echo new > over/srv/changed
      printf '#!/bin/sh\\necho "entrypoint: $*"; exec "$@"\\n' > over/srv/enter
      chmod 755 over/srv/enter
      tar --numeric-owner --owner=1234 --group=1235 -cf upper.tar -C over .
      umoci init --layout layout
      umoci new --image layout:image
      umoci raw add-layer --image layout:image lower.tar
      umoci raw add-layer --image layout:image upper.tar
      umoci config --image layout:image --config.env GREETING=hello --config.workingdir /srv/work \\
        --config.user app --config.entrypoint /srv/enter --config.cmd never
      skopeo --insecure-policy copy --dest-tls-verify=false oci:layout:image "docker://$2/team/app:1"
      """;

  private Path directory = Path.of("");
  private LocalRegistry registry;
  private Backend backend;
  private Image image = Image.host();

  @BeforeAll
  void fill(@TempDir Path shared) throws Exception {
    directory = shared;
    registry = LocalRegistry.in(directory);
    run("bash", "-euc", BUILD, "build", directory.toString(), registry.host());
    backend =
        GvisorBackend.open(
            TestSettings.with(Map.of("sandboxed.registry.insecure", registry.host())));
    image = Image.registry(registry.host() + "/team/app:1");
  }

  @AfterAll
  void stop() throws InterruptedException {
    if (backend != null) {
      backend.close();
    }
    if (registry != null) {
      registry.close();
    }
  }

  @Test
  void its_layers_environment_directory_and_user_hold_for_commands() {
    try (var sandbox = Sandbox.builder().backend(backend).image(image).create()) {
      assertThat(sandbox.exec("ls", "/srv").await().stdout()).isEqualTo("changed\nenter\nwork\n");
      assertThat(sandbox.exec("cat", "/srv/changed").await().stdout()).isEqualTo("new\n");
      assertThat(
              sandbox.exec("sh", "-c", "pwd; id -u; id -g; echo $GREETING $HOME").await().stdout())
          .isEqualTo("/srv/work\n1234\n1235\nhello /srv/home\n");
    }
  }

  @Test
  void what_the_sandbox_says_goes_before_what_the_image_says() {
    try (var sandbox =
        Sandbox.builder()
            .backend(backend)
            .image(image)
            .workdir("/tmp")
            .env("GREETING", "bye")
            .create()) {
      var exec = sandbox.exec("sh", "-c", "pwd; id -u; echo $GREETING").user("root");
      assertThat(exec.await().stdout()).isEqualTo("/tmp\n0\nbye\n");
    }
  }

  @Test
  void without_a_command_it_stays_up_and_runs_nothing_of_the_images() {
    try (var sandbox = Sandbox.builder().backend(backend).image(image).create()) {
      assertThat(sandbox.poll()).isEmpty();
      assertThat(sandbox.exec("cat", "/proc/self/comm").await().stdout()).isEqualTo("cat\n");
      assertThat(sandbox.poll()).isEmpty();
    }
  }

  @Test
  void a_command_runs_behind_the_images_entrypoint_as_its_user() {
    try (var sandbox =
        Sandbox.builder().backend(backend).image(image).command("id", "-u").create()) {
      assertThat(sandbox.waitFor().code()).isZero();
      assertThat(sandbox.logs().text()).isEqualTo("entrypoint: id -u\n1234\n");
    }
  }

  @Test
  void steps_run_as_its_user_in_its_directory_and_a_command_still_behind_its_entrypoint() {
    var built = image.run("sh", "-c", "echo $GREETING $(pwd) $(id -u) > /tmp/x; id -u; pwd");
    try (var sandbox =
        Sandbox.builder().backend(backend).image(built).command("id", "-u").create()) {
      assertThat(sandbox.waitFor().code()).isZero();
      assertThat(sandbox.logs().text()).isEqualTo("entrypoint: id -u\n1234\n");
    }
    var failing = image.run("sh", "-c", "echo $GREETING $(pwd) $(id -u); exit 1");
    var builder = Sandbox.builder().backend(backend).image(failing);
    assertThatThrownBy(builder::create)
        .isInstanceOfSatisfying(
            ImageBuildException.class,
            e -> assertThat(e.output()).isEqualTo("hello /srv/work 1234"));
  }

  @Test
  void another_handle_runs_commands_as_the_same_user() {
    try (var sandbox = Sandbox.builder().backend(backend).image(image).create();
        var other = Sandbox.fromId(sandbox.id())) {
      assertThat(other.exec("id", "-u").await().stdout()).isEqualTo("1234\n");
      assertThat(other.spec().image()).isEqualTo(image);
    }
  }

  private static void run(String... command) throws Exception {
    var errors = Files.createTempFile("script", ".err");
    var process =
        new ProcessBuilder(List.of(command))
            .redirectErrorStream(true)
            .redirectOutput(errors.toFile())
            .start();
    try {
      assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue()).as(Files.readString(errors)).isZero();
    } finally {
      process.destroyForcibly();
      Files.delete(errors);
    }
  }
}
