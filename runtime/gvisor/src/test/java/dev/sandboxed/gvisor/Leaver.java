package dev.sandboxed.gvisor;

import dev.sandboxed.Sandbox;
import java.io.IOException;
import java.io.OutputStream;

/** A program that starts a sandbox, tells its id, and leaves it as it is when it ends. */
public final class Leaver {
  private Leaver() {}

  /** Waits for the end of stdin, then exits. */
  public static void main(String[] arguments) throws IOException {
    var sandbox = Sandbox.builder().command("sleep", "1000").create();
    System.out.println(sandbox.id());
    System.in.transferTo(OutputStream.nullOutputStream());
    System.exit(0);
  }
}
