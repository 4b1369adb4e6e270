package dev.sandboxed.gvisor;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxNetwork;
import java.io.IOException;
import java.io.OutputStream;

/** A program that starts a sandbox in a network, tells their ids, and leaves them when it ends. */
public final class Leaver {
  private Leaver() {}

  /** Waits for the end of stdin, then exits. */
  public static void main(String[] arguments) throws IOException {
    var network = SandboxNetwork.create();
    var sandbox = Sandbox.builder().command("sleep", "1000").join(network, "left").create();
    System.out.println(sandbox.id());
    System.out.println(network.id());
    System.in.transferTo(OutputStream.nullOutputStream());
    System.exit(0);
  }
}
