package dev.sandboxed.maven;

import dev.sandboxed.PtySize;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import org.jline.terminal.Attributes;
import org.jline.terminal.Attributes.ControlChar;
import org.jline.terminal.Attributes.InputFlag;
import org.jline.terminal.Attributes.LocalFlag;
import org.jline.terminal.Attributes.OutputFlag;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.Signals;

/**
 * The terminal that Maven was started in, given over to a program: every key goes to it as it is.
 *
 * <p>Closing gives the terminal back as it was; so does the end of the JVM by a signal.
 */
final class HostTerminal implements AutoCloseable {
  private static final String RESIZED = "WINCH";

  /** How long a read waits for keys, in tenths of a second. */
  private static final int READ_TENTHS = 1;

  /** Ends colours, shows the cursor, and leaves the alternate screen, mouse and paste reports. */
  private static final String CALM =
      "\u001b[0m\u001b[?25h\u001b[?1047l\u001b[?1000;1002;1003;1006l\u001b[?2004l\u001b[?1l\u001b>";

  private final Terminal terminal;
  private final Object unresized;

  /**
   * Read without JLine, whose reader would make the terminal raw again where it is restored
   * meanwhile, or never come back from a read that began just after.
   */
  @SuppressWarnings("resource") // it is Maven's
  private final InputStream keys = new FileInputStream(FileDescriptor.in);

  /**
   * JLine has a hook of its own, but does not wait for a thread that is closing already, as that of
   * the shell is when its sandbox is ended by the JVM's end.
   */
  private final Thread atExit = new Thread(this::closeAtExit, "sandbox-shell-terminal");

  private volatile boolean closed;

  private HostTerminal(Terminal terminal, Runnable onResize) {
    this.terminal = terminal;
    unresized = Signals.register(RESIZED, onResize);
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /**
   * Takes over the terminal.
   *
   * @param onResize is run, on a thread of the JVM, whenever the size has changed
   */
  static HostTerminal open(Runnable onResize) throws NoTerminalException {
    try {
      // By stty, since a terminal is set four times: native code would have to be unpacked first,
      // and newer JVMs warn of it. Signals stay the JVM's, so that its shutdown hooks run.
      var terminal =
          TerminalBuilder.builder()
              .system(true)
              .dumb(false)
              .provider(TerminalBuilder.PROP_PROVIDER_EXEC)
              .nativeSignals(false)
              .build();
      try {
        terminal.setAttributes(raw(terminal.getAttributes()));
        return new HostTerminal(terminal, onResize);
      } catch (RuntimeException | Error e) {
        terminal.close();
        throw e;
      }
    } catch (IOException | IllegalStateException e) {
      throw new NoTerminalException(e);
    }
  }

  private static Attributes raw(Attributes given) {
    var raw = new Attributes(given);
    raw.setInputFlags(
        EnumSet.of(
            InputFlag.IGNBRK,
            InputFlag.BRKINT,
            InputFlag.PARMRK,
            InputFlag.ISTRIP,
            InputFlag.INLCR,
            InputFlag.IGNCR,
            InputFlag.ICRNL,
            InputFlag.IXON),
        false);
    raw.setOutputFlag(OutputFlag.OPOST, false);
    raw.setLocalFlags(
        EnumSet.of(LocalFlag.ECHO, LocalFlag.ICANON, LocalFlag.ISIG, LocalFlag.IEXTEN), false);
    raw.setControlChar(ControlChar.VMIN, 0);
    raw.setControlChar(ControlChar.VTIME, READ_TENTHS);
    return raw;
  }

  PtySize size() {
    var size = terminal.getSize();
    return size.getRows() < 1 || size.getColumns() < 1
        ? PtySize.DEFAULT
        : new PtySize(size.getRows(), size.getColumns());
  }

  /** Reads what was typed; returns 0 if nothing was for a while, and -1 at the end of all. */
  int read(byte[] into) throws IOException {
    if (closed) {
      return -1;
    }
    // The terminal tells that nothing came by what is the end of a file elsewhere.
    return Math.max(0, keys.read(into));
  }

  OutputStream output() {
    return terminal.output();
  }

  @Override
  public synchronized void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    Signals.unregister(RESIZED, unresized);
    try {
      // What the program left switched on would confuse whoever uses the terminal next.
      terminal.output().write(CALM.getBytes(StandardCharsets.US_ASCII));
      terminal.output().flush();
    } finally {
      terminal.close();
      forgetExit();
    }
  }

  private void forgetExit() {
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // The JVM is ending: the hook has waited for this.
    }
  }

  private void closeAtExit() {
    try {
      close();
    } catch (IOException e) {
      // The terminal is gone, and so is whoever could be told.
    }
  }
}
