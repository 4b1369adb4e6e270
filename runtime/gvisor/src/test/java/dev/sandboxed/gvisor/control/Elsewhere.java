package dev.sandboxed.gvisor.control;

import dev.sandboxed.ExitStatus;
import dev.sandboxed.ReadinessProbe;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Another process of the same user, which does what it is told, line by line. */
final class Elsewhere implements AutoCloseable {
  private final Process process;
  private final BufferedReader answers;

  Elsewhere() throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx128m"));
    var records = System.getProperty("sandboxed.records");
    if (records != null) {
      command.add("-Dsandboxed.records=" + records);
    }
    var classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    command.addAll(List.of("-cp", classPath, Elsewhere.class.getName()));
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    answers = process.inputReader(StandardCharsets.UTF_8);
  }

  /** Has something done; returns what it printed. */
  String ask(String... words) throws IOException {
    var out = process.outputWriter(StandardCharsets.UTF_8);
    out.write(String.join("\t", words) + "\n");
    out.flush();
    var answer = answers.readLine();
    if (answer == null) {
      throw new IOException("the other process is gone");
    }
    return answer;
  }

  long pid() {
    return process.pid();
  }

  /** Ends the process, as {@code kill -9} does. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Lets the process come to its end. */
  void exit() throws IOException, InterruptedException {
    process.getOutputStream().close();
    process.waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** Reads what to do from stdin. */
  public static void main(String[] arguments) throws IOException {
    var asked = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (var line = asked.readLine(); line != null; line = asked.readLine()) {
      String answer;
      try {
        answer = answer(line.split("\t"));
      } catch (RuntimeException e) {
        answer = e.getClass().getSimpleName();
      }
      System.out.println(answer);
    }
    System.exit(0);
  }

  private static String answer(String[] words) {
    return switch (words[0]) {
      case "create" -> create(words).id();
      case "create-probed" -> {
        var sandbox = builder(words).readyWhen(ReadinessProbe.log(words[5])).create();
        sandbox.detach();
        yield sandbox.id();
      }
      case "wait-ready" -> {
        try (var sandbox = Sandbox.fromId(words[1])) {
          yield sandbox.waitUntilReady().ready().isPresent() ? "ready" : "no time";
        }
      }
      case "create-detached" -> {
        var sandbox = create(words);
        sandbox.detach();
        yield sandbox.id();
      }
      case "exec" -> {
        try (var sandbox = Sandbox.fromId(words[1])) {
          yield sandbox.exec("sh", "-c", words[2]).await().stdout();
        }
      }
      case "status" ->
          Sandbox.fromId(words[1]).poll().map(ExitStatus::toString).orElse("still running");
      case "terminate" -> Sandbox.fromId(words[1]).terminate().join().toString();
      default -> throw new IllegalArgumentException(words[0]);
    };
  }

  /** App, name (may be empty), the seconds it may live, and a script, if there is one. */
  private static Sandbox create(String[] words) {
    return builder(words).create();
  }

  private static SandboxBuilder builder(String[] words) {
    var builder =
        Sandbox.builder()
            .app(words[1])
            .env("GREETING", "hello")
            .workdir("/work")
            .timeout(Duration.ofSeconds(Long.parseLong(words[3])));
    if (!words[2].isEmpty()) {
      builder.name(words[2]);
    }
    if (words.length > 4) {
      builder.command("sh", "-c", words[4]);
    }
    return builder;
  }
}
