package dev.sandboxed.maven;

import dev.sandboxed.Exec;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxProcess;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Semaphore;

/** Connects a program inside with the terminal that Maven runs in. */
final class TerminalSession {
  private static final int CHUNK = 8 << 10;

  /** How long keys are still read, and thrown away, once the program has ended. */
  private static final long DRAIN_MILLIS = 2_000;

  private final Semaphore resized = new Semaphore(0);

  /**
   * Runs a program on the terminal up to its end.
   *
   * @throws NoTerminalException if there is no terminal
   * @throws IOException if the terminal is gone
   */
  ExitStatus run(Exec exec) throws NoTerminalException, IOException {
    try (var terminal = HostTerminal.open(resized::release);
        var process = exec.pty(terminal.size()).start()) {
      var keys = start("sandbox-shell-keys", () -> type(terminal, process));
      var sizes = start("sandbox-shell-size", () -> follow(terminal, process));
      // It may have changed before anybody listened.
      resized.release();
      try (var output = process.stdout().stream()) {
        show(output, terminal);
        return process.waitFor();
      } finally {
        sizes.interrupt();
        // Before the terminal is as it was: what is read then is for the shell outside.
        join(keys);
      }
    }
  }

  private static void show(InputStream output, HostTerminal terminal) throws IOException {
    var chunk = new byte[CHUNK];
    for (var n = output.read(chunk); n >= 0; n = output.read(chunk)) {
      terminal.output().write(chunk, 0, n);
      terminal.output().flush();
    }
  }

  /**
   * Sends what is typed. After the end of the program it goes on until nothing comes: what was
   * typed too late, and what the terminal answers to a program's questions, must not reach the
   * shell that Maven was started from.
   */
  private static void type(HostTerminal terminal, SandboxProcess process) {
    var keys = new byte[CHUNK];
    try {
      while (true) {
        var n = terminal.read(keys);
        if (n < 0 || (n == 0 && process.poll().isPresent())) {
          return;
        }
        if (n > 0 && process.poll().isEmpty()) {
          send(process, keys, n);
        }
      }
    } catch (IOException e) {
      // The terminal is gone, and the program with it.
      process.close();
    } catch (SandboxException e) {
      // The sandbox has ended; whoever waits for the program says so.
    }
  }

  private static void send(SandboxProcess process, byte[] keys, int count) {
    try {
      process.stdin().write(keys, 0, count);
      process.stdin().flush();
    } catch (IOException e) {
      // The program has ended meanwhile.
    }
  }

  private void follow(HostTerminal terminal, SandboxProcess process) {
    try {
      while (true) {
        resized.acquire();
        resized.drainPermits();
        process.resize(terminal.size());
      }
    } catch (InterruptedException | SandboxException e) {
      // The program has ended.
    }
  }

  private static Thread start(String name, Runnable work) {
    var thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static void join(Thread thread) {
    try {
      thread.join(DRAIN_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
