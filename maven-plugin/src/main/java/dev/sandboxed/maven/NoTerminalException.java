package dev.sandboxed.maven;

/** There is no terminal to connect a shell with. */
final class NoTerminalException extends Exception {
  private static final long serialVersionUID = 1L;

  NoTerminalException(Throwable cause) {
    super(
        "sandbox:shell needs a terminal, and standard input or output of Maven is none (%s). In CI or a pipe use sandbox:exec or sandbox:run with -Dsandbox.command=…"
            .formatted(SafeText.line(String.valueOf(cause.getMessage()))),
        cause);
  }
}
