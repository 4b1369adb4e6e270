package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.Backend;
import dev.sandboxed.ExitReason;
import dev.sandboxed.Image;
import dev.sandboxed.ImageBuildException;
import dev.sandboxed.ImageException;
import dev.sandboxed.ImageStep;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.Sandbox;
import dev.sandboxed.Secret;
import dev.sandboxed.core.binaries.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Images of steps, each of which runs in a sandbox on the image before it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BuiltImageTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final BuildEvents events = new BuildEvents();
  private Path cache = Path.of("");
  private Backend backend;

  @TempDir private Path directory;

  @BeforeAll
  void open(@TempDir Path shared) {
    cache = shared;
    backend = open(Map.of());
  }

  @BeforeEach
  void forget() {
    events.takeStarted();
  }

  @AfterEach
  void nothingOfABuildRunsOn() {
    await().atMost(PATIENCE).until(() -> Hosts.keepers() == 0);
  }

  @AfterAll
  void close() {
    if (backend != null) {
      backend.close();
    }
  }

  private Backend open(Map<String, String> further) {
    var properties = new HashMap<String, String>();
    System.getProperties().forEach((k, v) -> properties.put(k.toString(), v.toString()));
    properties.put("sandboxed.cache", cache.toString());
    properties.putAll(further);
    return GvisorBackend.open(Settings.of(properties, System.getenv()), events);
  }

  private String output(Image image, String... command) {
    try (var sandbox = Sandbox.builder().backend(backend).image(image).create()) {
      return sandbox.exec(command).await().stdout();
    }
  }

  private void build(Image image) {
    Sandbox.builder().backend(backend).image(image).create().close();
  }

  @Test
  void what_a_step_does_is_there_for_the_next_and_for_sandboxes() {
    var image =
        Image.host()
            .env("GREETING", "hello")
            .workdir("/srv/app")
            .run("sh", "-c", "echo $GREETING > greeting; chmod 777 .; rm /etc/mtab; id -u > root")
            .user("1234:1235")
            .run("sh", "-c", "cat greeting > copy; id -u >> copy; id -g >> copy; pwd >> copy");

    assertThat(output(image, "sh", "-c", "cat copy root; id -u; pwd; echo $GREETING; ls /etc/mtab"))
        .isEqualTo("hello\n1234\n1235\n/srv/app\n0\n1234\n/srv/app\nhello\n");
    assertThat(output(image, "stat", "-c", "%u:%g %a", "/srv/app/copy", "/srv/app"))
        .isEqualTo("1234:1235 644\n0:0 777\n");
  }

  @Test
  void nothing_of_the_sandbox_that_a_step_ran_in_stays() {
    var image = Image.host().run("sh", "-c", "echo 1 > /tmp/temporary; echo 2 > /srv/kept");

    assertThat(output(image, "sh", "-c", "ls -A /tmp /srv /etc/sandboxed /root; env"))
        .contains("/srv:\nkept\n")
        .doesNotContain("temporary")
        .doesNotContain("ca-certificates.pem")
        .doesNotContain("npm_config")
        .doesNotContain("PIP_");
  }

  @Test
  void an_unchanged_prefix_starts_no_sandbox() {
    var prefix = Image.host().run("sh", "-c", "echo 1 > /srv/one").run("touch", "/srv/two");
    build(prefix);
    assertThat(events.takeStarted()).hasSize(2);

    build(Image.host().run("sh", "-c", "echo 1 > /srv/one").run("touch", "/srv/two"));
    assertThat(events.takeStarted()).isEmpty();

    assertThat(output(prefix.run("touch", "/srv/three"), "ls", "/srv"))
        .isEqualTo("one\nthree\ntwo\n");
    assertThat(events.takeStarted()).containsExactly("run touch /srv/three");

    try (var other = open(Map.of())) {
      Sandbox.builder().backend(other).image(prefix.run("touch", "/srv/three")).create().close();
    }
    assertThat(events.takeStarted()).isEmpty();
  }

  @Test
  void a_changed_file_is_followed_by_what_comes_after_it_only() throws IOException {
    var file = Files.writeString(directory.resolve("input"), "1");
    var image =
        Image.host()
            .run("touch", "/srv/before")
            .copy(file, "/srv/input")
            .run("sh", "-c", "cat /srv/input > /srv/output");
    assertThat(output(image, "cat", "/srv/output")).isEqualTo("1");
    assertThat(events.takeStarted()).hasSize(2);

    Files.writeString(file, "2");
    assertThat(output(image, "cat", "/srv/output")).isEqualTo("2");
    assertThat(events.takeStarted()).containsExactly("run sh -c 'cat /srv/input > /srv/output'");
    Files.writeString(file, "1");
    assertThat(output(image, "cat", "/srv/output")).isEqualTo("1");
    assertThat(events.takeStarted()).isEmpty();
  }

  @Test
  void whoever_makes_an_image_beforehand_may_follow_its_steps() {
    var own = new BuildEvents();
    var image = Image.host().run("echo", "told to its maker");
    backend.images().prepare(image, own);
    assertThat(own.lines()).containsExactly("told to its maker");
    assertThat(own.finished()).containsExactly("run echo 'told to its maker'");
    backend.images().prepare(image, own);
    build(image);
    assertThat(own.takeStarted()).hasSize(1);
    assertThat(events.takeStarted()).isEmpty();
  }

  @Test
  void a_failed_step_says_how_and_keeps_what_came_before_it() {
    var before = Image.host().run("touch", "/srv/fine");
    var image = before.run("sh", "-c", "echo to stdout; echo to stderr >&2; exit 7");

    assertThatThrownBy(() -> build(image))
        .isInstanceOfSatisfying(
            ImageBuildException.class,
            e -> {
              assertThat(e.exitCode()).isEqualTo(7);
              assertThat(e.step()).isEqualTo(((Image.BuiltImage) image).step());
              assertThat(e.output().lines()).containsExactlyInAnyOrder("to stdout", "to stderr");
            })
        .hasMessageStartingWith(
            "The step \"run sh -c 'echo to stdout; echo to stderr >&2; exit 7'\" failed: exit code"
                + " 7. Its last lines:\n  to std");
    assertThat(events.takeStarted()).hasSize(2);
    assertThat(events.failed()).contains("run sh -c 'echo to stdout; echo to stderr >&2; exit 7'");
    assertThatThrownBy(() -> build(image)).isInstanceOf(ImageBuildException.class);
    assertThat(events.takeStarted()).hasSize(1);
  }

  @Test
  void a_program_that_is_missing_is_named() {
    assertThatThrownBy(() -> build(Image.host().run("no-such-program", "-x")))
        .isInstanceOfSatisfying(
            ImageBuildException.class, e -> assertThat(e.exitCode()).isEqualTo(127))
        .hasMessageContaining("The command no-such-program was not found");
  }

  @Test
  void a_step_that_runs_too_long_is_ended() {
    try (var impatient = open(Map.of("sandboxed.build.timeout", "2s"))) {
      var image = Image.host().run("sh", "-c", "echo begun; sleep 100000");
      assertThatThrownBy(() -> Sandbox.builder().backend(impatient).image(image).create().close())
          .isInstanceOfSatisfying(
              ImageBuildException.class,
              e -> assertThat(e.status().reason()).isEqualTo(ExitReason.TIMEOUT))
          .hasMessageContaining("set -Dsandboxed.build.timeout")
          .hasMessageContaining("begun");
    }
  }

  @Test
  void a_step_that_needs_too_much_memory_says_which_setting_helps() {
    try (var poor = open(Map.of("sandboxed.build.memory", "128m"))) {
      var image =
          Image.host().run("python3", "-c", "x = b'1' * (1 << 30); print(len(bytearray(x)))");
      assertThatThrownBy(() -> Sandbox.builder().backend(poor).image(image).create().close())
          .isInstanceOfSatisfying(
              ImageBuildException.class,
              e -> assertThat(e.status().reason()).isEqualTo(ExitReason.OUT_OF_MEMORY))
          .hasMessageContaining("set -Dsandboxed.build.memory");
    }
  }

  @Test
  void children_that_a_program_leaves_behind_do_not_hold_the_build_back() {
    build(Image.host().run("sh", "-c", "sleep 100000 & echo left"));
    assertThat(events.finished()).contains("run sh -c 'sleep 100000 & echo left'");
  }

  @Test
  void secrets_reach_their_step_alone_and_are_never_shown() {
    var image =
        Image.host()
            .with(
                ImageStep.run("sh", "-c", "echo the $API_TOKEN; test \"$API_TOKEN\" = s3cret-one")
                    .secret(Secret.of("API_TOKEN", "s3cret-one")));
    assertThat(output(image, "env")).doesNotContain("API_TOKEN").doesNotContain("s3cret");
    assertThat(events.lines()).contains("the ***").noneMatch(line -> line.contains("s3cret"));
    events.takeStarted();

    // Known by its name only, another value is the same step.
    build(
        Image.host()
            .with(
                ImageStep.run("sh", "-c", "echo the $API_TOKEN; test \"$API_TOKEN\" = s3cret-one")
                    .secret(Secret.of("API_TOKEN", "another-one"))));
    assertThat(events.takeStarted()).isEmpty();

    var failing =
        Image.host()
            .with(
                ImageStep.run("sh", "-c", "echo the $API_TOKEN; exit 1")
                    .secret(Secret.of("API_TOKEN", "s3cret-two")));
    assertThatThrownBy(() -> build(failing))
        .hasMessageContaining("the ***")
        .hasMessageNotContaining("s3cret");
  }

  @Test
  void a_step_reaches_what_it_names_and_nothing_else() throws IOException {
    try (var server = new ServerSocket(0, 50, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        var answers = Sandbox.builder().backend(backend).network(NetworkPolicy.none()).create()) {
      assertThat(answers.poll()).isEmpty();
      var accepted =
          CompletableFuture.runAsync(
              () -> {
                try (var connection = server.accept()) {
                  connection.getOutputStream().write("hi\n".getBytes(StandardCharsets.US_ASCII));
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      var connect = "cat < /dev/tcp/host.sandbox/" + server.getLocalPort() + " > /srv/answer";
      assertThatThrownBy(() -> build(Image.host().run("bash", "-c", connect)))
          .isInstanceOf(ImageBuildException.class)
          .hasMessageContaining("It was refused to reach")
          .hasMessageContaining("host.sandbox");
      assertThat(accepted).isNotDone();

      var policy = NetworkPolicy.allow("host.sandbox:" + server.getLocalPort());
      var image = Image.host().with(ImageStep.run("bash", "-c", connect).network(policy));
      assertThat(output(image, "cat", "/srv/answer")).isEqualTo("hi\n");
      accepted.join();
    }
  }

  @Test
  void giving_up_the_start_ends_the_step() {
    var future =
        Sandbox.builder()
            .backend(backend)
            .image(Image.host().run("sh", "-c", "echo to be given up; sleep 100000"))
            .createAsync();
    await().atMost(PATIENCE).until(() -> events.lines().contains("to be given up"));
    assertThat(future.cancel(true)).isTrue();
    await()
        .atMost(PATIENCE)
        .until(() -> events.failed().contains("run sh -c 'echo to be given up; sleep 100000'"));
  }

  @Test
  void closing_the_backend_ends_the_step() {
    var other = open(Map.of());
    try {
      var future =
          Sandbox.builder()
              .backend(other)
              .image(Image.host().run("sh", "-c", "echo to be closed; sleep 100000"))
              .createAsync();
      await().atMost(PATIENCE).until(() -> events.lines().contains("to be closed"));
      other.close();
      assertThat(future).failsWithin(PATIENCE);
    } finally {
      other.close();
    }
  }

  @Test
  void an_interrupt_ends_the_step() throws InterruptedException {
    var thread =
        new Thread(
            () -> {
              try {
                build(Image.host().run("sh", "-c", "echo to be interrupted; sleep 100000"));
              } catch (RuntimeException e) {
                events.lines().add("interrupted: " + Thread.currentThread().isInterrupted());
              }
            });
    thread.start();
    await().atMost(PATIENCE).until(() -> events.lines().contains("to be interrupted"));
    thread.interrupt();
    thread.join(PATIENCE.toMillis());
    assertThat(events.lines()).contains("interrupted: true");
  }

  @Test
  void two_that_build_the_same_image_build_it_once() {
    var image = Image.host().run("sh", "-c", "sleep 1; echo once > /srv/once");
    var results = new ArrayList<CompletableFuture<Sandbox>>();
    try (var other = open(Map.of())) {
      for (var one : List.of(backend, other, backend)) {
        results.add(Sandbox.builder().backend(one).image(image).createAsync());
      }
      for (var result : results) {
        try (var sandbox = result.join()) {
          assertThat(sandbox.exec("cat", "/srv/once").await().stdout()).isEqualTo("once\n");
        }
      }
    }
    assertThat(events.takeStarted()).hasSize(1);
  }

  @Test
  void tools_of_the_host_are_no_place_to_install_to() {
    assertThatThrownBy(() -> build(Image.host().aptInstall("git")))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining(
            "The step \"aptInstall git\" needs an image with Debian packages of its own");
    assertThatThrownBy(() -> build(Image.host().env("A", "1").npmInstall("prettier")))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("needs an image with an npm of its own");
    assertThat(events.takeStarted()).isEmpty();
  }

  @Test
  void pip_installs_without_a_cache_and_where_a_distribution_forbids_it() throws IOException {
    var wheel = Wheels.write(directory, "tiny", "1.0");
    var image =
        Image.host()
            .copy(wheel, "/srv/" + wheel.getFileName())
            .pipInstall("/srv/" + wheel.getFileName());
    assertThat(output(image, "python3", "-c", "import tiny; print(tiny.VERSION)"))
        .isEqualTo("1.0\n");
    assertThat(output(image, "sh", "-c", "ls -A /root/.cache 2>&1; true")).doesNotContain("pip");
  }

  @Test
  void apt_runs_as_root_starts_no_service_and_leaves_no_lists() throws Exception {
    var root =
        TinyRoot.in(directory)
            .program("usr/bin/apt-get", FAKE_APT)
            .file("var/lib/apt/lists/old", "list")
            .file("var/cache/apt/pkgcache.bin", "cache")
            .file("usr/sbin/keep", "");
    var image =
        Image.directory(root.directory()).user("app").aptInstall("git", "g++", "libssl-dev:arm64");

    var log = output(image, "cat", "/srv/apt.log");
    assertThat(log.lines().toList())
        .anyMatch(line -> line.startsWith("0 noninteractive 101 ") && line.endsWith(" update"))
        .anyMatch(
            line ->
                line.startsWith("0 noninteractive 101 ")
                    && line.endsWith(
                        " -y --no-install-recommends install -- git g++ libssl-dev:arm64"))
        .anyMatch(line -> line.endsWith(" clean"));
    assertThat(output(image, "sh", "-c", "ls /var/lib/apt/lists /var/cache/apt /usr/sbin; id -u"))
        .isEqualTo("/usr/sbin:\nkeep\n\n/var/cache/apt:\n\n/var/lib/apt/lists:\n1234\n");
  }

  @Test
  void a_tar_file_is_a_base_too() throws Exception {
    var root = TinyRoot.in(Files.createDirectory(directory.resolve("root")));
    var tar = directory.resolve("root.tar");
    var process =
        new ProcessBuilder("tar", "-cf", tar.toString(), "-C", root.directory().toString(), ".")
            .inheritIO()
            .start();
    assertThat(process.waitFor()).isZero();
    var image = Image.tar(tar).run("sh", "-c", "echo 1 > /srv/one; rm /etc/group");
    assertThat(output(image, "sh", "-c", "cat /srv/one; test -e /etc/group || echo gone"))
        .isEqualTo("1\ngone\n");
  }

  @Test
  void an_image_without_apt_says_so() throws Exception {
    var image = Image.directory(TinyRoot.in(directory).directory()).aptInstall("git");
    assertThatThrownBy(() -> build(image))
        .isInstanceOf(ImageBuildException.class)
        .hasMessageContaining("The image has no apt-get: it is not made of Debian packages");
  }

  @Test
  void npm_installs_for_all_and_leaves_no_cache() throws Exception {
    var root =
        TinyRoot.in(directory)
            .program(
                "usr/bin/npm",
                "#!/bin/sh\n"
                    + "mkdir -p $npm_config_cache/x\n"
                    + "echo $npm_config_cache $* > /srv/npm.log\n");
    var image = Image.directory(root.directory()).npmInstall("prettier@3", "@scope/tool");
    assertThat(output(image, "sh", "-c", "cat /srv/npm.log; ls -A /var/tmp /tmp"))
        .isEqualTo(
            "/var/tmp/.sandboxed-npm install --global -- prettier@3 @scope/tool\n"
                + "/tmp:\n\n"
                + "/var/tmp:\n");
  }

  @Test
  void an_image_cannot_open_the_host_by_its_sources() throws Exception {
    try (var server =
        new ServerSocket(0, 50, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
      var address = "host.sandbox:" + server.getLocalPort();
      var root =
          TinyRoot.in(directory)
              .file("etc/apt/sources.list", "deb http://" + address + "/ x main\n")
              .file("etc/apt/sources.list.d/x.sources", "URIs: http://" + address + "/\n")
              .file("etc/apt/apt.conf", "Acquire::http::Proxy \"http://" + address + "/\";\n")
              .file("etc/apt/sources.list.d/large.list", "#".repeat(1 << 20));
      Files.createSymbolicLink(
          root.directory().resolve("etc/apt/sources.list.d/zero.list"), Path.of("/dev/zero"));
      var connect = "echo > /dev/tcp/host.sandbox/" + server.getLocalPort();
      var image = Image.directory(root.directory()).run("bash", "-c", connect);
      assertThatThrownBy(() -> build(image))
          .isInstanceOf(ImageBuildException.class)
          .hasMessageContaining("It was refused to reach");
    }
  }

  /** Says who ran it and how, and what a service would be told. */
  private static final String FAKE_APT =
      """
      #!/bin/sh
      /usr/sbin/policy-rc.d; policy=$?
      echo "$(id -u) $DEBIAN_FRONTEND $policy $*" >> /srv/apt.log
      echo new > /var/lib/apt/lists/new
      """;
}
