package dev.sandboxed.gvisor;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxPool;
import java.io.IOException;

/** Has a pool prepare a sandbox, says so, and stays until it is killed or its stdin ends. */
final class PoolHolder {
  private PoolHolder() {}

  public static void main(String[] args) throws IOException {
    var spec = Sandbox.builder().build();
    var pool = SandboxPool.open();
    pool.expect(spec, 2);
    pool.acquire(spec);
    System.out.println("holds a pool");
    while (System.in.read() >= 0) {
      // What is written is of no interest.
    }
  }
}
