package dev.sandboxed.junit;

import dev.sandboxed.SecretMask;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Collectors;

/** The last commands that ran in a sandbox. Thread-safe. */
final class ExecLog {
  private static final int KEPT = 10;

  private final Deque<RecordedExec> last = new ArrayDeque<>();
  private int count;

  /** Begins the record of a command; a long past one gives way. */
  synchronized RecordedExec add(List<String> command, SecretMask mask) {
    var exec = new RecordedExec(command, mask);
    count++;
    last.addLast(exec);
    if (last.size() > KEPT) {
      last.removeFirst();
    }
    return exec;
  }

  /** Describes the commands and how they ended; empty if none ran. */
  synchronized String describe() {
    if (count == 0) {
      return "";
    }
    var heading =
        count == 1
            ? "1 command ran in it:"
            : count <= KEPT
                ? count + " commands ran in it:"
                : "the last %d of %d commands that ran in it:".formatted(KEPT, count);
    return last.stream()
        .map(RecordedExec::describe)
        .collect(Collectors.joining("\n", heading + "\n", ""));
  }
}
