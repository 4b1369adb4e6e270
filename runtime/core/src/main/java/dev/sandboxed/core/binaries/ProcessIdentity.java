package dev.sandboxed.core.binaries;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Tells one process of this machine from all others, also from a later one with its number.
 *
 * @param namespace the process namespace that the number is of
 * @param pid the number
 * @param start when it was started, in ticks since the machine was
 */
public record ProcessIdentity(String namespace, long pid, long start) {
  private static final Pattern TEXT = Pattern.compile("(\\S{1,64}) (\\d{1,18}) (\\d{1,18})\\s*");
  private static final int START_FIELD = 19;

  /** Returns the identity of this process. */
  public static ProcessIdentity own() throws IOException {
    var pid = ProcessHandle.current().pid();
    return new ProcessIdentity(ownNamespace(), pid, startOf(pid).orElse(0L));
  }

  /** Reads what {@link #toString} wrote; empty for anything else. */
  public static Optional<ProcessIdentity> parse(String text) {
    var matcher = TEXT.matcher(text);
    return matcher.matches()
        ? Optional.of(
            new ProcessIdentity(
                matcher.group(1),
                Long.parseLong(matcher.group(2)),
                Long.parseLong(matcher.group(3))))
        : Optional.empty();
  }

  /** Returns whether the process lives, or is of a namespace that cannot be seen from here. */
  public boolean mayLive() {
    try {
      return !namespace.equals(ownNamespace()) || startOf(pid).filter(s -> s == start).isPresent();
    } catch (IOException e) {
      return true;
    }
  }

  @Override
  public String toString() {
    return namespace + " " + pid + " " + start;
  }

  private static String ownNamespace() throws IOException {
    return Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString();
  }

  private static Optional<Long> startOf(long pid) throws IOException {
    try {
      var stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      // The name in parentheses may hold anything, so the fields are counted behind it.
      var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      return Optional.of(Long.parseLong(fields[START_FIELD]));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }
}
