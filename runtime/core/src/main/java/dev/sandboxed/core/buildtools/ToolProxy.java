package dev.sandboxed.core.buildtools;

import java.util.List;

/**
 * An HTTP proxy that the configuration of a build tool names.
 *
 * @param tool for example {@code Maven}
 * @param host a name or an address
 * @param port from 1 to 65535
 * @param login whether the configuration has a user for it, who is not passed on
 * @param exceptions hosts that are reached without it, as the tool writes them
 * @param source what says so, for people
 */
public record ToolProxy(
    String tool, String host, int port, boolean login, List<String> exceptions, String source) {

  /** Copies the list. */
  public ToolProxy {
    exceptions = List.copyOf(exceptions);
  }
}
