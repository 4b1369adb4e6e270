package dev.sandboxed.gvisor;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxProcess;
import dev.sandboxed.Volume;

/** Writes numbered records to a volume, and tells the number of each once it is synced. */
public final class VolumeWriter {
  static final String FILE = "records";

  private static final String SCRIPT =
      """
      i=0
      while :; do
        i=$((i + 1)); echo record $i >> /volume/records
        sync /volume/records; echo $i
      done
      """;

  private VolumeWriter() {}

  /** Starts to write in a sandbox that has the volume at {@code /volume}. */
  static SandboxProcess start(Sandbox sandbox) {
    return sandbox.exec("sh", "-c", SCRIPT).start();
  }

  /** Writes to the volume of the given name until the program is killed. */
  public static void main(String[] arguments) {
    var sandbox = Sandbox.builder().volume("/volume", Volume.named(arguments[0])).create();
    start(sandbox)
        .stdout()
        .lines()
        .forEach(
            line -> {
              System.out.println(line);
              System.out.flush();
            });
  }
}
