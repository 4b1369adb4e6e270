package dev.sandboxed.gvisor;

import dev.sandboxed.Sandbox;
import java.io.IOException;

/** A program that starts a sandbox, tells its id, and leaves it as it is when it ends. */
public final class Leaver {
  private Leaver() {}

  /** Waits for the end of stdin, then exits. */
  public static void main(String[] arguments) throws IOException {
    var sandbox = Sandbox.builder().command("sleep", "1000").create();
    System.out.println(sandbox.id());
    while (System.in.read() >= 0) {
      continue;
    }
    System.exit(0);
  }
}
