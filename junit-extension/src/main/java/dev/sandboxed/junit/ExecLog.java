package dev.sandboxed.junit;

import dev.sandboxed.Secret;
import dev.sandboxed.SecretMask;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.stream.Collectors;

/** The last commands that ran in a sandbox, and the secrets that they were given. Thread-safe. */
final class ExecLog {
  private static final int KEPT = 100;

  /** How many a failure tells. */
  private static final int SHOWN = 10;

  private final Deque<RecordedExec> last = new ArrayDeque<>();
  private SecretMask mask = SecretMask.none();
  private boolean hasSecrets;
  private int count;

  /** Takes secrets out of all that is told of the sandbox from now on. */
  synchronized void hide(Collection<Secret> secrets) {
    mask = mask.and(secrets);
    hasSecrets |= !secrets.isEmpty();
  }

  /** Returns whether the sandbox or a command was given a secret, also one too short to mask. */
  synchronized boolean hasSecrets() {
    return hasSecrets;
  }

  /** Returns the mask for all secrets that were given to the sandbox or to a command. */
  synchronized SecretMask mask() {
    return mask;
  }

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

  /** Describes the last commands and how they ended; empty if none ran. */
  synchronized String describe() {
    if (count == 0) {
      return "";
    }
    var heading =
        count == 1
            ? "1 command ran in it:"
            : count <= SHOWN
                ? count + " commands ran in it:"
                : "the last %d of %d commands that ran in it:".formatted(SHOWN, count);
    // A command may print a secret that another was given.
    return last.stream()
        .skip(Math.max(0, last.size() - SHOWN))
        .map(exec -> mask.apply(exec.describe()))
        .collect(Collectors.joining("\n", heading + "\n", ""));
  }

  /** Describes all commands that are kept, with the times at which they began. */
  synchronized String describeAll() {
    var left = count - last.size();
    return last.stream()
        .map(exec -> mask.apply(exec.describeTimed()))
        .collect(
            Collectors.joining(
                "\n\n", left == 0 ? "" : "%,d commands before these\n\n".formatted(left), ""));
  }
}
