package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code sandbox:shell} on a real terminal. Words to look for are typed in halves. */
@Timeout(180)
class ShellTest {
  private static final Pattern NEW = Pattern.compile("new sandbox (sb-[a-z0-9-]+)");
  private static final Pattern COPY = Pattern.compile("shell in (sb-[a-z0-9-]+), a copy");
  private static final String RESTORED = ", terminal restored]";

  /** Tells Maven to end when it restores the terminal, and takes its time to do so. */
  private static final String SLOW_STTY =
      """
      #!/bin/sh
      PATH=${PATH#*:}
      case " $* " in *" icanon "*)
        kill -15 $PPID
        sleep 2
      esac
      exec stty "$@"
      """;

  /**
   * Lets every read of keys come back at once, so that one begins when the terminal is restored.
   */
  private static final String EAGER_STTY =
      """
      #!/bin/sh
      PATH=${PATH#*:}
      stty "$@" || exit
      case " $* " in *" min 0 "*)
        exec stty time 0
      esac
      """;

  @Test
  void a_terminal_inside_has_the_size_of_the_one_outside_and_every_key() throws Exception {
    try (var sandbox = Sandbox.create();
        var terminal = open(sandbox.id())) {
      terminal.type("tty -s && echo ter''minal\\r");
      terminal.awaitShown("terminal");
      terminal.type("stty size; echo $TERM\\r");
      terminal.awaitShown("33 101");

      terminal.type(
          "sh -c 'trap \"stty size\" WINCH; echo lis\"\"tens; while :; do sleep 0.1; done'\\r");
      terminal.awaitShown("listens");
      terminal.tell("resize 44 122");
      terminal.awaitShown("44 122");

      terminal.type("\\x03");
      terminal.type("echo ba''ck $?\\r");
      terminal.awaitShown("back 130");

      terminal.type("exit 7\\r");
      terminal.awaitShown(
          "shell: The shell in the sandbox " + sandbox.id() + " ended with exit code 7");
      terminal.awaitShown("[ended with 1" + RESTORED);
      assertThat(sandbox.poll()).isEmpty();
    }
  }

  @Test
  void a_new_sandbox_sees_the_checkout_copy_on_write(@TempDir Path checkout) throws Exception {
    Files.writeString(checkout.resolve("file"), "from the host");
    try (var terminal = open(checkout.toString())) {
      terminal.type("pwd; cat file; echo changed > file; mv file changed; ls\\r");
      terminal.awaitShown("from the host");
      terminal.type("exit\\r");
      terminal.awaitShown("shell: done");
      terminal.awaitShown("[ended with 0" + RESTORED);
      assertThat(terminal.shown()).contains("/work", "changed", checkout + " copy-on-write");
    }
    assertThat(checkout.resolve("file")).hasContent("from the host");
  }

  @Test
  void a_new_sandbox_has_what_the_project_depends_on(@TempDir Path checkout) throws Exception {
    assumeTrue(
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, "npm"))),
        "npm is not here");
    Files.writeString(
        checkout.resolve("package.json"),
        """
        {"name": "sample", "dependencies": {"greet": "file:vendor/greet"}, "scripts": {"test": "x"}}
        """);
    Files.writeString(checkout.resolve("package-lock.json"), PhasesTest.LOCK);
    Files.writeString(checkout.resolve("file"), "from the host");
    try (var terminal = open(checkout.toString())) {
      terminal.type("ls node_modules; cat file; env | grep npm_config_offline\r");
      terminal.awaitShown("from the host");
      terminal.awaitShown("npm_config_offline=true");
      terminal.type("exit\r");
      terminal.awaitShown("shell: done");
      assertThat(terminal.shown())
          .contains("Install: npm ci", "greet", "as a copy, with what was installed")
          .doesNotContain("cannot access");
    }
    assertThat(checkout.resolve("node_modules")).doesNotExist();
  }

  @Test
  void a_new_sandbox_is_on_the_entry_of_a_matrix_that_is_named(@TempDir Path checkout)
      throws Exception {
    Files.writeString(
        checkout.resolve("sandbox.yaml"),
        """
        install: ['echo "installed by $WHICH" > /srv/installed']
        test: ['true']
        matrix:
          - {name: one, image: host, env: {WHICH: the first}}
          - {name: two-2.1, image: host, env: {WHICH: the second}}
        """);
    try (var terminal =
        new TerminalProgram(33, 101, program(checkout.toString(), "two-2.1"), Map.of())) {
      terminal.type("echo sh''ell of $WHICH; cat /srv/installed; exit\\r");
      terminal.awaitShown("shell of the second");
      terminal.awaitShown("installed by the second");
      terminal.awaitShown("shell: done");
      assertThat(terminal.shown()).contains(", on two-2.1 of the matrix");
    }
  }

  @Test
  void a_matrix_of_which_none_is_named_is_told_with_its_names(@TempDir Path checkout)
      throws Exception {
    Files.writeString(
        checkout.resolve("sandbox.yaml"),
        "test: ['true']\nmatrix: [{name: one, image: host}, {name: two, image: host}]\n");
    assertThat(said(program(checkout.toString(), "all")))
        .contains(
            "shell: One sandbox is wanted, and the matrix in the sandbox.yaml of "
                + checkout
                + " means several, one, two: choose one, as with -Dsandbox.matrix=one, or"
                + " -Dsandbox.matrix=none for none of them");
    assertThat(said(program(checkout.toString(), "three")))
        .contains("shell: sandbox.matrix is \"three\", and the sandbox.yaml of ");
  }

  @Test
  void a_copy_of_a_snapshot_runs_on_from_its_moment_and_ends_with_the_shell() throws Exception {
    try (var source =
        Sandbox.builder()
            .command("sh", "-c", "i=0; while :; do i=$((i+1)); echo $i > /tmp/n; sleep 0.2; done")
            .timeout(Duration.ofSeconds(60))
            .create()) {
      source.files().write("/srv/left", "left behind\n");
      var snapshot = source.snapshot();
      try (var terminal = open("@" + snapshot.id())) {
        terminal.type(
            "cat /srv/left; a=$(cat /tmp/n); sleep 1; test $(cat /tmp/n) -gt $a && echo"
                + " co''unts\\r");
        terminal.awaitShown("left behind");
        terminal.awaitShown("counts");
        terminal.type("exit\\r");
        terminal.awaitShown("shell: done");
        terminal.awaitShown("[ended with 0" + RESTORED);
        var id = COPY.matcher(terminal.shown());
        assertThat(id.find()).isTrue();
        assertThat(ids()).contains(source.id()).doesNotContain(id.group(1));
      } finally {
        snapshot.remove();
      }
    }
  }

  @Test
  void a_snapshot_that_is_not_there_is_told_with_what_to_do() throws Exception {
    var program = new ProcessBuilder(program("@0123")).redirectErrorStream(true).start();
    program.getOutputStream().close();
    assertThat(new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .contains(
            "shell: sandbox.snapshot: There is no memory snapshot \"0123\". It was removed or"
                + " pruned",
            "run the test again with -Dsandboxed.diagnostics.snapshot=true");
    assertThat(program.waitFor()).isEqualTo(1);
  }

  @Test
  void the_terminal_is_restored_when_the_sandbox_ends_under_the_shell() throws Exception {
    try (var sandbox = Sandbox.create();
        var terminal = open(sandbox.id())) {
      terminal.type("printf '\\\\033[?1047h'; echo re''ady\\r");
      terminal.awaitShown("ready");
      sandbox.terminate().join();
      terminal.awaitShown("was terminated");
      terminal.awaitShown("\u001b[?1047l");
      terminal.awaitShown("[ended with 1" + RESTORED);
    }
  }

  @Test
  void the_terminal_is_restored_and_the_sandbox_ended_when_maven_is_told_to_end(
      @TempDir Path checkout) throws Exception {
    try (var terminal = open(checkout.toString())) {
      terminal.type("echo re''ady\\r");
      terminal.awaitShown("ready");
      var id = NEW.matcher(terminal.shown());
      assertThat(id.find()).isTrue();
      assertThat(ids()).contains(id.group(1));
      terminal.tell("signal 15");
      terminal.awaitShown("[ended with 143" + RESTORED);
      await().untilAsserted(() -> assertThat(ids()).doesNotContain(id.group(1)));
    }
  }

  @Test
  void the_terminal_is_restored_when_maven_is_told_to_end_while_it_is_restored(
      @TempDir Path checkout, @TempDir Path bin) throws Exception {
    try (var terminal = openWith(SLOW_STTY, bin, checkout)) {
      terminal.type("exit\\r");
      terminal.awaitShown("[ended with 143" + RESTORED);
    }
  }

  @Test
  void maven_ends_when_it_is_told_to_while_it_reads_keys(@TempDir Path checkout, @TempDir Path bin)
      throws Exception {
    try (var terminal = openWith(EAGER_STTY, bin, checkout)) {
      terminal.type("echo re''ady\\r");
      terminal.awaitShown("ready");
      terminal.tell("signal 15");
      terminal.awaitShown("[ended with 143" + RESTORED);
    }
  }

  @Test
  void says_so_where_there_is_no_terminal() throws Exception {
    try (var sandbox = Sandbox.create()) {
      var maven = new ProcessBuilder(program(sandbox.id())).redirectErrorStream(true).start();
      maven.getOutputStream().close();
      assertThat(new String(maven.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .contains("shell: sandbox:shell needs a terminal", "sandbox:exec");
      assertThat(maven.waitFor()).isEqualTo(1);
    }
  }

  private static String said(List<String> program) throws Exception {
    var process = new ProcessBuilder(program).redirectErrorStream(true).start();
    process.getOutputStream().close();
    var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isEqualTo(1);
    return said;
  }

  private static Set<String> ids() {
    return Sandbox.list().stream().map(SandboxInfo::id).collect(Collectors.toSet());
  }

  private static TerminalProgram openWith(String stty, Path bin, Path checkout) throws IOException {
    var program = Files.writeString(bin.resolve("stty"), stty);
    assertThat(program.toFile().setExecutable(true)).isTrue();
    var path = Map.of("PATH", bin + ":" + System.getenv("PATH"));
    return new TerminalProgram(33, 101, program(checkout.toString()), path);
  }

  private static TerminalProgram open(String what) throws IOException {
    return new TerminalProgram(33, 101, program(what), Map.of());
  }

  private static List<String> program(String... what) {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx128m"));
    var classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    command.addAll(List.of("-cp", classPath, ShellProgram.class.getName()));
    command.addAll(List.of(what));
    return command;
  }
}
