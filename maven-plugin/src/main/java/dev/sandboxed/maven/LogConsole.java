package dev.sandboxed.maven;

import org.apache.maven.plugin.logging.Log;

/** Says it in Maven's log. */
final class LogConsole implements Console {
  private final Log log;

  LogConsole(Log log) {
    this.log = log;
  }

  @Override
  public void info(String line) {
    log.info(line);
  }

  @Override
  public void warn(String line) {
    log.warn(line);
  }
}
