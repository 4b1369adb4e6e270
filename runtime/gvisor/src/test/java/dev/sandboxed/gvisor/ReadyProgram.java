package dev.sandboxed.gvisor;

import dev.sandboxed.ReadinessProbe;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import java.io.IOException;

/** Starts sandboxes that are snapshotted when they are ready, here or as a program. */
public final class ReadyProgram {
  /** Who has booted is told by a number that copies share. */
  private static final String BOOT =
      "cat /proc/sys/kernel/random/uuid > /boot; echo ready; exec sleep infinity";

  private ReadyProgram() {}

  /** Describes one; the tag is of no other use than to make kinds of their own. */
  static SandboxBuilder builder(String tag) {
    return Sandbox.builder()
        .command("sh", "-c", BOOT)
        .env("TAG", tag)
        .readyWhen(ReadinessProbe.log("ready"))
        .snapshotWhenReady();
  }

  /** Returns which boot a sandbox comes from. */
  static String boot(Sandbox sandbox) {
    return sandbox.files().readText("/boot").strip();
  }

  /**
   * Starts one for each line that comes in, and tells which boot it comes from.
   *
   * @param arguments the tag
   */
  public static void main(String[] arguments) throws IOException {
    System.out.println("there");
    while (System.in.read() == '\n') {
      try (var sandbox = builder(arguments[0]).create()) {
        System.out.println(boot(sandbox));
      }
    }
  }
}
