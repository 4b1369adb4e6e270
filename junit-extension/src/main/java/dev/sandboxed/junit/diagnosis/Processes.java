package dev.sandboxed.junit.diagnosis;

import dev.sandboxed.OutputTail;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SecretMask;
import dev.sandboxed.Signal;
import java.time.Duration;
import java.util.ArrayList;

/**
 * What runs inside a sandbox at this moment, asked before any answer is waited for.
 *
 * @param table the processes
 * @param threads those of each JVM
 */
public record Processes(Inquiry<String> table, Inquiry<String> threads) {
  private static final Duration TABLE_LIMIT = Duration.ofSeconds(3);
  private static final Duration READING = Duration.ofSeconds(2);
  private static final Duration THREADS_LIMIT = Duration.ofSeconds(5);
  private static final int MAX_PROCESSES = 100;
  private static final int MAX_JVMS = 4;
  private static final int MAX_THREADS = 16_384;
  private static final String HEADING = "    pid  parent state  cpu    command";

  /** Asks a sandbox that runs. */
  public static Processes ask(Sandbox sandbox, SecretMask mask) {
    return new Processes(
        Inquiry.begin(() -> describe(sandbox, mask), TABLE_LIMIT),
        Inquiry.begin(() -> describeThreads(sandbox, mask), THREADS_LIMIT));
  }

  /** Describes them; it takes a few seconds if there are no answers. */
  public String describe() {
    var processes = table.get(t -> t, why -> "its processes are not known: " + why);
    var dumps = threads.get(t -> t, why -> "\nThe threads of its JVMs are not known: " + why);
    return processes + dumps;
  }

  private static String describe(Sandbox sandbox, SecretMask mask) {
    var pids = InsideProcess.pids(sandbox.files());
    if (pids.isEmpty()) {
      return "nothing runs inside";
    }
    var text = new StringBuilder(HEADING);
    var began = System.nanoTime();
    var asked = 0;
    while (asked < Math.min(pids.size(), MAX_PROCESSES)
        && System.nanoTime() - began < READING.toNanos()) {
      InsideProcess.read(sandbox.files(), pids.get(asked++), mask)
          .ifPresent(p -> text.append('\n').append(p.describe()));
    }
    var more = pids.size() - asked;
    return text + (more > 0 ? "\n    and %,d more".formatted(more) : "");
  }

  private static String describeThreads(Sandbox sandbox, SecretMask mask) {
    var dumps = new ArrayList<String>();
    for (var pid : InsideProcess.pids(sandbox.files())) {
      var program = InsideProcess.program(sandbox.files(), pid);
      if (program.filter(p -> p.endsWith("/java")).isPresent() && dumps.size() < MAX_JVMS) {
        dumps.add("\nThreads of the JVM %d:\n%s".formatted(pid, dump(sandbox, pid, program.get())));
      }
    }
    return OutputTail.printable(mask.apply(String.join("", dumps)));
  }

  /** Has the JDK's own tool ask, or else the JVM print its threads, if it prints into the log. */
  private static String dump(Sandbox sandbox, int pid, String java) {
    var tool = java.substring(0, java.length() - "java".length()) + "jcmd";
    try {
      if (sandbox.files().exists(tool)) {
        var printed =
            sandbox
                .exec(tool, Integer.toString(pid), "Thread.print")
                .timeout(THREADS_LIMIT)
                .await()
                .stdout();
        return printed.length() > MAX_THREADS ? printed.substring(0, MAX_THREADS) + "…" : printed;
      }
      var entrypoint = sandbox.entrypoint().filter(p -> p.pid() == pid);
      entrypoint.ifPresent(p -> p.signal(Signal.QUIT));
      return entrypoint.isPresent()
          ? "  It was asked to print them into the log of the sandbox.\n"
          : "  There is no %s to ask it.\n".formatted(tool);
    } catch (SandboxException e) {
      return "  " + e.getMessage() + "\n";
    }
  }
}
