package dev.sandboxed.gvisor.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.ExecResult;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.Image;
import dev.sandboxed.ImageException;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.MemorySnapshot;
import dev.sandboxed.Mount;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.ReadinessProbe;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFailedException;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.Secret;
import dev.sandboxed.Signal;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 300, unit = TimeUnit.SECONDS)
class CopiesTest {
  /** Answers each line with its number, which only the program's memory knows. */
  private static final String COUNTER =
      "n=0; while read -r line; do n=$((n + 1)); echo \"$line $n\"; done; exit 3";

  @TempDir private Path directory = Path.of("");
  private final List<MemorySnapshot> snapshots = new ArrayList<>();
  private final List<Sandbox> copies = new ArrayList<>();

  @AfterEach
  void remove() {
    copies.forEach(Sandbox::close);
    snapshots.forEach(MemorySnapshot::remove);
  }

  @Test
  void each_goes_its_own_way_with_files_memory_and_entrypoint() throws Exception {
    try (var source = Sandbox.builder().command("bash", "-c", COUNTER).create()) {
      say(source, "a");
      awaitLog(source, "a 1\n");
      source.files().write("/work/file", "source");
      var snapshot = taken(source);
      var one = copy(snapshot);
      var two = copy(snapshot);

      one.files().write("/work/file", "one");
      say(two, "b");
      awaitLog(two, "b 2\n");
      say(one, "c");
      say(one, "d");
      awaitLog(one, "c 2\nd 3\n");
      say(source, "e");
      awaitLog(source, "a 1\ne 2\n");

      assertThat(one.files().readText("/work/file")).isEqualTo("one");
      assertThat(two.files().readText("/work/file")).isEqualTo("source");
      assertThat(source.files().readText("/work/file")).isEqualTo("source");
      one.entrypoint().orElseThrow().stdin().close();
      assertThat(one.waitFor()).isEqualTo(new ExitStatus(3, ExitReason.EXITED));
      two.entrypoint().orElseThrow().signal(Signal.KILL);
      assertThat(two.waitFor()).isEqualTo(new ExitStatus(137, ExitReason.SIGNALED));
      assertThat(source.poll()).isEmpty();
    }
  }

  @Test
  void programs_that_an_exec_started_live_on() throws Exception {
    try (var source = Sandbox.create()) {
      var program =
          source
              .exec("bash", "-c", "x=remembered; echo there; read -r y; echo $x $y > /tmp/out")
              .start();
      assertThat(program.stdout().lines().findFirst()).contains("there");
      var copy = copy(taken(source));
      var pid = Long.toString(program.pid());

      assertThat(copy.exec("cat", "/proc/" + pid + "/comm").await().stdout()).isEqualTo("bash\n");
      program.stdin().write("source\n".getBytes(StandardCharsets.UTF_8));
      program.stdin().flush();
      assertThat(program.waitFor().code()).isZero();
      assertThat(source.files().readText("/tmp/out")).isEqualTo("remembered source\n");
      // Its stdin is open in the copy, where nobody writes to it.
      assertThat(copy.exec("cat", "/proc/" + pid + "/comm").await().stdout()).isEqualTo("bash\n");
      assertThat(copy.exec("test", "-e", "/tmp/out").await().exitCode()).isEqualTo(1);
    }
  }

  @Test
  void they_differ_in_id_names_variables_and_entropy_and_can_read_so() {
    try (var source = Sandbox.builder().env("A", "1").env("B", "2").create()) {
      var snapshot = taken(source);
      var one = own(snapshot.toBuilder().app("copies").name("one").env("B", "3").create());
      var two = copy(snapshot);

      assertThat(List.of(source.id(), one.id(), two.id())).doesNotHaveDuplicates();
      assertThat(one.spec().labels().name()).contains("one");
      assertThat(line(one, "hostname")).isEqualTo(one.id());
      assertThat(line(two, "hostname")).isEqualTo(two.id());
      assertThat(line(one, "echo $A $B")).isEqualTo("1 3");
      assertThat(line(two, "echo $A $B")).isEqualTo("1 2");
      var first = one.files().readText("/run/sandboxed/copy.json");
      var second = two.files().readText("/run/sandboxed/copy.json");
      assertThat(first).contains(one.id(), "\"name\":\"one\"", "\"B\":\"3\"");
      assertThat(first).doesNotContain("\"A\"");
      assertThat(second).contains(two.id()).doesNotContain("\"name\"");
      assertThat(entropy(first)).matches("[0-9a-f]{64}").isNotEqualTo(entropy(second));
      assertThat(line(source, "ls /run/sandboxed/copy.json 2>&1")).contains("No such file");
      try (var found = Sandbox.fromName("copies", "one")) {
        assertThat(found.id()).isEqualTo(one.id());
        assertThat(line(found, "echo $A $B")).isEqualTo("1 3");
      }
    }
  }

  @Test
  void a_command_hands_on_what_is_new_as_root() {
    try (var source =
        Sandbox.builder()
            .onCopy("sh", "-c", "id -u > /who; cp $SANDBOXED_COPY /told; echo $C >> /who")
            .create()) {
      var copy = own(taken(source).toBuilder().env("C", "new").create());

      assertThat(copy.files().readText("/who")).isEqualTo("0\nnew\n");
      assertThat(copy.files().readText("/told"))
          .isEqualTo(copy.files().readText("/run/sandboxed/copy.json"));
      assertThat(source.exec("test", "-e", "/who").await().exitCode()).isEqualTo(1);
    }
  }

  @Test
  void a_command_that_fails_ends_the_copy_with_its_output() {
    try (var source = Sandbox.create()) {
      var snapshot = taken(source);
      var builder = snapshot.toBuilder().name("unhooked");

      assertThatExceptionOfType(SandboxFailedException.class)
          .isThrownBy(() -> builder.onCopy("sh", "-c", "echo no entropy >&2; exit 4").create())
          .withMessageContaining("onCopy")
          .withMessageContaining("no entropy")
          .withMessageContaining("4");
      assertThatExceptionOfType(SandboxFailedException.class)
          .isThrownBy(() -> builder.onCopy("/no/such/program").create())
          .withMessageContaining("/no/such/program");
      // Its name is free again, and the snapshot still good.
      own(builder.onCopy().create());
    }
  }

  @Test
  void clocks_are_those_of_the_host() {
    try (var source = Sandbox.create()) {
      var snapshot = taken(source);
      var later = Instant.now().plusSeconds(3);
      await().until(() -> Instant.now().isAfter(later));
      var copy = copy(snapshot);

      var inside = Long.parseLong(line(copy, "date +%s"));
      assertThat(inside).isCloseTo(Instant.now().getEpochSecond(), within(2L));
      assertThat(line(copy, "sleep 0.01; echo slept")).isEqualTo("slept");
    }
  }

  @Test
  void of_what_was_ready_is_ready() {
    try (var source =
        Sandbox.builder()
            .command("sh", "-c", "echo ready; sleep infinity")
            .readyWhen(ReadinessProbe.log("ready"))
            .create()) {
      source.waitUntilReady();
      assertThat(copy(taken(source)).waitUntilReady(Duration.ofSeconds(30)).ready()).isPresent();
    }
  }

  @Test
  void give_snapshots_of_their_own() throws Exception {
    try (var source = Sandbox.builder().command("bash", "-c", COUNTER).create()) {
      var child = copy(taken(source));
      say(child, "a");
      awaitLog(child, "a 1\n");
      child.files().write("/child", "1");
      var grandchild = copy(taken(child));

      say(grandchild, "b");
      awaitLog(grandchild, "b 2\n");
      assertThat(grandchild.files().readText("/child")).isEqualTo("1");
      assertThat(line(grandchild, "hostname")).isEqualTo(grandchild.id());
      say(child, "c");
      awaitLog(child, "a 1\nc 2\n");
    }
  }

  @Test
  void many_start_at_once() {
    try (var source = Sandbox.create()) {
      source.files().write("/work/file", "text");
      var snapshot = taken(source);
      var started = new ArrayList<CompletableFuture<Sandbox>>();
      for (var i = 0; i < 6; i++) {
        started.add(snapshot.toBuilder().createAsync());
      }
      started.forEach(copy -> own(copy.join()));

      assertThat(copies).allSatisfy(c -> assertThat(line(c, "cat /work/file")).isEqualTo("text"));
      assertThat(copies.stream().map(c -> line(c, "hostname")).distinct()).hasSize(6);
    }
  }

  @Test
  void reach_what_their_own_policy_allows_and_old_connections_end() throws Exception {
    try (var server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        var source = Sandbox.builder().network(NetworkPolicy.allow("host.sandbox")).create()) {
      var address = "/dev/tcp/host.sandbox/" + server.getLocalPort();
      var held =
          source
              .exec(
                  "bash",
                  "-c",
                  "exec 3<> " + address + "; echo open; read -r line <&3; touch /ended; sleep 60")
              .start();
      assertThat(held.stdout().lines().findFirst()).contains("open");
      var snapshot = taken(source);
      var open = copy(snapshot);
      var closed = own(snapshot.toBuilder().network(NetworkPolicy.none()).create());

      for (var sandbox : List.of(source, open)) {
        await().until(() -> sandbox.exec("test", "-e", "/ended").await().isSuccess());
        assertThat(line(sandbox, "exec 3<> " + address + " && echo connected"))
            .isEqualTo("connected");
      }
      assertThat(line(closed, "(exec 3<> " + address + ") 2>&- || echo refused"))
          .isEqualTo("refused");
    }
  }

  /** Through loopback, and through a tunnel, whose other end only the source's keeper has. */
  @Test
  void connections_inside_go_on_and_those_of_tunnels_end() throws Exception {
    var program =
        """
        import pathlib, socket, threading, time
        def count(name, step):
            n = 0
            try:
                while step():
                    n += 1
                    pathlib.Path(name).write_text(str(n))
            except OSError as e:
                print(name, e, flush=True)
            pathlib.Path(name + ".ended").touch()
        server = socket.create_server(("127.0.0.1", 8080))
        client = socket.create_connection(("127.0.0.1", 8080))
        inside = server.accept()[0]
        def echo():
            client.sendall(b"x")
            time.sleep(0.02)
            return inside.recv(1)
        threading.Thread(target=count, args=("/inside", echo)).start()
        print("listening", flush=True)
        tunnel = server.accept()[0]
        tunnel.sendall(b"y")
        count("/tunnel", lambda: tunnel.recv(1))
        """;
    try (var source = Sandbox.builder().command("python3", "-c", program).create()) {
      await().until(() -> source.logs().text().contains("listening"));
      try (var outside = new Socket()) {
        outside.connect(source.tunnel(8080).address());
        assertThat(outside.getInputStream().read()).isEqualTo('y');
        outside.getOutputStream().write('1');
        await().until(() -> line(source, "cat /tunnel").equals("1"));
        var copy = copy(taken(source));

        await().until(() -> copy.exec("test", "-e", "/tunnel.ended").await().isSuccess());
        outside.getOutputStream().write('2');
        await().until(() -> line(source, "cat /tunnel").equals("2"));
        for (var sandbox : List.of(source, copy)) {
          var before = Integer.parseInt(line(sandbox, "cat /inside"));
          await().until(() -> Integer.parseInt(line(sandbox, "cat /inside")) > before + 3);
        }
      }
    }
  }

  @Test
  void mounts_are_those_of_the_host_and_changes_to_them_their_own() throws Exception {
    var mounted = Files.createDirectory(directory.resolve("mounted"));
    Files.writeString(mounted.resolve("file"), "host");
    try (var source =
        Sandbox.builder()
            .mount("/mounted", Mount.copyOnWrite(mounted))
            .mount("/fixed", Mount.readOnly(mounted))
            .create()) {
      assertThat(line(source, "echo source > /mounted/new; cat /mounted/file /fixed/file"))
          .isEqualTo("hosthost");
      var copy = copy(taken(source));

      assertThat(line(copy, "cat /mounted/new /mounted/file /fixed/file")).contains("source");
      assertThat(line(copy, "echo copy > /mounted/new; cat /mounted/new")).isEqualTo("copy");
      assertThat(line(source, "cat /mounted/new")).isEqualTo("source");
      assertThat(mounted.resolve("new")).doesNotExist();
    }
  }

  @Test
  void secrets_are_never_written_to_the_disk_but_copies_may_have_them() {
    var secret = Secret.of("TOKEN", "unseen-value");
    try (var source = Sandbox.builder().secret(secret).create()) {
      assertThatExceptionOfType(InvalidSpecException.class)
          .isThrownBy(source::snapshot)
          .withMessageContaining("TOKEN")
          .withMessageNotContaining("unseen-value");
    }
    try (var source = Sandbox.create()) {
      var copy = own(taken(source).toBuilder().secret(secret).create());
      assertThat(line(copy, "echo $TOKEN")).isEqualTo("unseen-value");
      assertThat(copy.files().readText("/run/sandboxed/copy.json"))
          .doesNotContain("unseen-value")
          .doesNotContain("TOKEN");
    }
  }

  @Test
  void what_is_gone_cannot_be_copied() {
    try (var source = Sandbox.create()) {
      var snapshot = source.snapshot();
      snapshot.remove();
      snapshot.remove();
      assertThatExceptionOfType(SandboxFailedException.class)
          .isThrownBy(snapshot::start)
          .withMessageContaining(snapshot.id())
          .withMessageContaining("removed");
      source.close();
      assertThatExceptionOfType(SandboxNotRunningException.class).isThrownBy(source::snapshot);
    }
  }

  @Test
  void another_handle_takes_one_too() {
    try (var source = Sandbox.builder().env("A", "1").create();
        var other = Sandbox.fromId(source.id())) {
      source.files().write("/work/file", "text");
      var copy = copy(taken(other));
      assertThat(line(copy, "cat /work/file; echo $A")).isEqualTo("text1");
      assertThat(copy.spec().timeout()).isEqualTo(SandboxSpec.DEFAULT_TIMEOUT);
    }
  }

  @Test
  void start_from_what_another_process_could_find_by_its_id() {
    try (var source =
        Sandbox.builder()
            .image(Image.host().env("FROM_IMAGE", "yes"))
            .command("sleep", "1000")
            .env("A", "1")
            .name("found")
            .network(NetworkPolicy.none())
            .create()) {
      source.files().write("/work/file", "text");
      var taken = taken(source);
      var found = MemorySnapshot.fromId(taken.id());

      assertThat(found.spec().env()).isEqualTo(Map.of("A", "1"));
      assertThat(found.spec().network().policy()).contains(NetworkPolicy.none());
      var copy = own(found.toBuilder().name("copy").create());
      assertThat(line(copy, "cat /work/file; echo $A $FROM_IMAGE")).isEqualTo("text1 yes");
      found.remove();
      assertThatExceptionOfType(ImageException.class)
          .isThrownBy(() -> MemorySnapshot.fromId(taken.id()))
          .withMessageContaining(taken.id());
      assertThatExceptionOfType(ImageException.class)
          .isThrownBy(() -> MemorySnapshot.fromId("../layers"))
          .withMessageContaining("../layers");
    }
  }

  /** What a program reads from a file that is open and has no name any more, and many streams. */
  @Test
  void are_taken_while_execs_stream_and_deleted_files_are_open() throws Exception {
    var holder = "exec 3<> /held; echo kept >&3; rm /held; echo there; while :; do sleep 0.1; done";
    try (var source = Sandbox.create()) {
      var held = source.exec("bash", "-c", holder).start();
      assertThat(held.stdout().lines().findFirst()).contains("there");
      var streams = new ArrayList<CompletableFuture<ExecResult>>();
      for (var i = 0; i < 6; i++) {
        streams.add(source.exec("seq", "1000000").awaitAsync());
      }
      var copy = copy(taken(source));

      var read = "head -n 1 /proc/" + held.pid() + "/fd/3";
      assertThat(line(copy, read)).isEqualTo("kept");
      assertThat(line(source, read)).isEqualTo("kept");
      for (var stream : streams) {
        assertThat(stream.join().stdout()).hasLineCount(1_000_000).endsWith("\n1000000\n");
      }
      assertThat(line(copy, "seq 1000000 | tail -n 1")).isEqualTo("1000000");
    }
  }

  @Test
  void stay_when_their_snapshot_goes() {
    try (var source = Sandbox.create()) {
      source.files().write("/work/file", "text");
      var snapshot = source.snapshotAsync().join();
      Sandbox copy;
      try {
        copy = copy(snapshot);
      } finally {
        snapshot.remove();
      }
      assertThat(line(copy, "cat /work/file")).isEqualTo("text");
    }
  }

  private MemorySnapshot taken(Sandbox source) {
    var snapshot = source.snapshot();
    snapshots.add(snapshot);
    return snapshot;
  }

  private Sandbox copy(MemorySnapshot snapshot) {
    return own(snapshot.start());
  }

  private Sandbox own(Sandbox copy) {
    copies.add(copy);
    return copy;
  }

  private static String line(Sandbox sandbox, String script) {
    var result = sandbox.exec("bash", "-c", script).await();
    assertThat(result.exitCode()).as(result::toString).isLessThan(3);
    return result.stdout().strip();
  }

  private static void say(Sandbox sandbox, String line) throws IOException {
    var stdin = sandbox.entrypoint().orElseThrow().stdin();
    stdin.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    stdin.flush();
  }

  private static void awaitLog(Sandbox sandbox, String text) {
    await().untilAsserted(() -> assertThat(sandbox.logs().text()).isEqualTo(text));
  }

  private static String entropy(String json) {
    return json.replaceAll("(?s).*\"entropy\":\"([^\"]*)\".*", "$1");
  }
}
