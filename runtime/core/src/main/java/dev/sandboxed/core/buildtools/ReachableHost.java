package dev.sandboxed.core.buildtools;

/**
 * A destination that the configuration of a build tool leads to.
 *
 * @param tool for example {@code npm}
 * @param host a name, a name that starts with {@code *.}, or an address; IPv6 without brackets
 * @param port from 1 to 65535
 * @param named whether the user's configuration names it; if not, it is built into the tool or a
 *     server gave it, and then it may not lead to private addresses
 * @param source what says so, for people: a file or a command
 */
public record ReachableHost(String tool, String host, int port, boolean named, String source) {

  /** Returns the pattern of a rule, such as {@code repo.example:443} or {@code [fd00::1]:8081}. */
  public String pattern() {
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
  }

  @Override
  public String toString() {
    return "%s (%s: %s)".formatted(pattern(), tool, source);
  }
}
