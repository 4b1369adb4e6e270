package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code sandbox:shell} on a real terminal. Words to look for are typed in halves. */
@Timeout(180)
class ShellTest {
  private static final Pattern NEW = Pattern.compile("new sandbox (sb-[a-z0-9-]+)");
  private static final String RESTORED = ", terminal restored]";

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
  void says_so_where_there_is_no_terminal() throws Exception {
    try (var sandbox = Sandbox.create()) {
      var maven = new ProcessBuilder(program(sandbox.id())).redirectErrorStream(true).start();
      maven.getOutputStream().close();
      assertThat(new String(maven.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .contains("shell: sandbox:shell needs a terminal", "sandbox:exec");
      assertThat(maven.waitFor()).isEqualTo(1);
    }
  }

  private static Set<String> ids() {
    return Sandbox.list().stream().map(SandboxInfo::id).collect(Collectors.toSet());
  }

  private static TerminalProgram open(String what) throws IOException {
    return new TerminalProgram(33, 101, program(what));
  }

  private static List<String> program(String what) {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx128m"));
    var classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    command.addAll(List.of("-cp", classPath, ShellProgram.class.getName(), what));
    return command;
  }
}
