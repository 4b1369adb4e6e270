package dev.sandboxed.core.buildtools;

import java.io.IOException;
import java.util.Optional;

/** Asks one build tool what it downloads from. */
interface ToolReader {

  /** Returns the tool's name, for people. */
  String tool();

  /**
   * Asks.
   *
   * @param tools runs programs of the host
   * @return the answer; empty if the tool is not installed
   * @throws IOException if it is, and does not answer; the message says why, and holds no secret
   */
  Optional<ToolConfiguration> read(HostCommands tools) throws IOException, InterruptedException;
}
