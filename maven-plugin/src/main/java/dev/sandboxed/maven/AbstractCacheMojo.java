package dev.sandboxed.maven;

import dev.sandboxed.Images.Carried;
import java.io.File;
import java.nio.file.Path;
import org.apache.maven.plugins.annotations.Parameter;

/** What goals have in common that carry what is kept from one machine to another. */
abstract class AbstractCacheMojo extends AbstractSandboxesMojo {
  private static final int MAX_SHOWN = 5;

  /** The directory that is carried. */
  @Parameter(property = "sandbox.cache", defaultValue = "target/sandbox-cache")
  File cache = new File("target/sandbox-cache");

  final Path directory() {
    return cache.toPath().toAbsolutePath().normalize();
  }

  /** Shows what was carried. */
  final void show(Carried carried, String done, Output shown) {
    if (shown == Output.JSON) {
      print(
          to -> {
            to.writeStartObject();
            to.writeNumberProperty("steps", carried.steps());
            to.writeNumberProperty("snapshots", carried.snapshots());
            to.writeNumberProperty("bytes", carried.size().bytes());
            to.writeArrayPropertyStart("leftOut");
            carried.leftOut().stream().map(SafeText::line).forEach(to::writeString);
            to.writeEndArray();
            to.writeEndObject();
          });
      return;
    }
    getLog()
        .info(
            "%s, %s: %s of images, %s, %,d bytes"
                .formatted(
                    done,
                    SafeText.line(directory().toString()),
                    count(carried.steps(), "step"),
                    count(carried.snapshots(), "snapshot"),
                    carried.size().bytes()));
    carried.leftOut().stream()
        .limit(MAX_SHOWN)
        .forEach(why -> getLog().warn("Left out: " + SafeText.line(why)));
    if (carried.leftOut().size() > MAX_SHOWN) {
      getLog().warn("Left out, and not shown: more");
    }
  }

  private static String count(int number, String what) {
    return "%,d %s%s".formatted(number, what, number == 1 ? "" : "s");
  }
}
