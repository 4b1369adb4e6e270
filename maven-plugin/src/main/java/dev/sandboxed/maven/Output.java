package dev.sandboxed.maven;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.maven.plugin.MojoExecutionException;

/** How a goal shows what it found. */
enum Output {
  /** A table for people, in Maven's log. */
  TABLE,
  /** One JSON value on standard output, for programs. */
  JSON;

  static Output of(String name) throws MojoExecutionException {
    for (var output : values()) {
      if (output.name().toLowerCase(Locale.ROOT).equals(name)) {
        return output;
      }
    }
    throw new MojoExecutionException(
        "There is no output \"%s\"; -Dsandbox.output can be %s"
            .formatted(
                SafeText.line(name),
                Arrays.stream(values())
                    .map(o -> o.name().toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining(" or "))));
  }
}
