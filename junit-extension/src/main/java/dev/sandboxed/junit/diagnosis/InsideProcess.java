package dev.sandboxed.junit.diagnosis;

import dev.sandboxed.OutputTail;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFiles;
import dev.sandboxed.SecretMask;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * A process inside a sandbox, as the kernel there shows it without any program's help. Whoever is
 * root inside can make it show anything, so it is cut and made safe to print.
 *
 * @param pid its number inside
 * @param parent the number of the one that started it
 * @param state the kernel's letter for what it does, such as R for running, S for waiting
 * @param cpuSeconds how much of a processor's time it has used, as far as that is known
 * @param command what it runs, in one line
 */
record InsideProcess(int pid, int parent, String state, double cpuSeconds, String command) {
  private static final int MAX_READ = 4096;
  private static final int MAX_COMMAND = 300;
  private static final double TICKS_PER_SECOND = 100;

  /** Where the numbers are in the part of the line that follows the name. */
  private static final int STATE = 0;

  private static final int PARENT = 1;
  private static final int USER_TIME = 11;
  private static final int SYSTEM_TIME = 12;

  /** Returns the numbers of all, the smallest first, but for that of the agent. */
  static List<Integer> pids(SandboxFiles files) {
    return files.list("/proc").stream()
        .map(f -> f.name())
        .filter(name -> name.matches("[1-9][0-9]{0,8}"))
        .map(Integer::valueOf)
        .filter(pid -> pid != 1)
        .sorted()
        .toList();
  }

  /** Reads what is known of one; empty if it has ended meanwhile. */
  static Optional<InsideProcess> read(SandboxFiles files, int pid, SecretMask mask) {
    try {
      var line = start(files, "/proc/%d/stat".formatted(pid));
      var arguments = start(files, "/proc/%d/cmdline".formatted(pid));
      return Optional.of(parse(pid, line, arguments, mask));
    } catch (SandboxException | IOException e) {
      return Optional.empty();
    }
  }

  /** Returns the program of a process; empty if it is not known. */
  static Optional<String> program(SandboxFiles files, int pid) {
    try {
      return files.stat("/proc/%d/exe".formatted(pid)).linkTarget();
    } catch (SandboxException e) {
      return Optional.empty();
    }
  }

  private static String start(SandboxFiles files, String path) throws IOException {
    try (var in = files.inputStream(path)) {
      return new String(in.readNBytes(MAX_READ), StandardCharsets.UTF_8);
    }
  }

  private static InsideProcess parse(int pid, String line, String arguments, SecretMask mask) {
    // A name can hold anything, also what looks like its end.
    var end = line.lastIndexOf(')');
    var name = line.substring(Math.min(line.indexOf('(') + 1, Math.max(0, end)), Math.max(0, end));
    var fields = line.substring(end + 1).strip().split(" ");
    var command =
        arguments.isEmpty()
            ? "[" + OutputTail.printable(mask.apply(name)) + "]"
            : OutputTail.commandLine(mask.apply(List.of(arguments.split("\0"))));
    return new InsideProcess(
        pid,
        (int) number(fields, PARENT),
        fields[STATE].matches("[A-Za-z]") ? fields[STATE] : "?",
        (number(fields, USER_TIME) + number(fields, SYSTEM_TIME)) / TICKS_PER_SECOND,
        oneLine(command));
  }

  private static long number(String[] fields, int index) {
    return index < fields.length && fields[index].matches("[0-9]{1,9}")
        ? Long.parseLong(fields[index])
        : 0;
  }

  private static String oneLine(String text) {
    var line = text.replace("\n", "\\n").replace("\t", "\\t");
    return line.length() > MAX_COMMAND ? line.substring(0, MAX_COMMAND) + "…" : line;
  }

  /** Describes it in one line of a table. */
  String describe() {
    return "%7d %7d %s %9.2f s  %s".formatted(pid, parent, state, cpuSeconds, command);
  }
}
