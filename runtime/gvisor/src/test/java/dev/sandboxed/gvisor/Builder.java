package dev.sandboxed.gvisor;

import dev.sandboxed.Backends;
import dev.sandboxed.BuildLog;
import dev.sandboxed.Image;
import dev.sandboxed.ImageStep;
import dev.sandboxed.Sandbox;
import dev.sandboxed.Secret;
import java.io.IOException;

/** A program that builds an image of one step and tells what the step has written. */
public final class Builder {
  /** The step is told by a secret whether to finish, which makes no other image. */
  private static final String STEP =
      "echo begun; [ \"$FINISH\" = yes ] || sleep 1000; cat /proc/sys/kernel/random/uuid > /srv/id";

  private Builder() {}

  /**
   * Builds when a line comes in.
   *
   * @param arguments whether the step finishes
   */
  public static void main(String[] arguments) throws IOException {
    var step = ImageStep.run("sh", "-c", STEP).secret(Secret.of("FINISH", arguments[0]));
    var image = Image.host().with(step);
    System.out.println("there");
    System.in.read();
    try (var backend = Backends.open()) {
      backend
          .images()
          .prepare(
              image,
              new BuildLog() {
                @Override
                public void line(ImageStep step, String line) {
                  System.out.println(line);
                }
              });
      try (var sandbox = Sandbox.builder().backend(backend).image(image).create()) {
        System.out.println("id " + sandbox.exec("cat", "/srv/id").await().stdout().strip());
      }
    }
  }
}
