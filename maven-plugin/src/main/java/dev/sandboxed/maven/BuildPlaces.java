package dev.sandboxed.maven;

import java.io.File;
import java.nio.file.Path;
import org.apache.maven.project.MavenProject;
import org.jspecify.annotations.Nullable;

/**
 * Where a goal works.
 *
 * @param project the project of the build; null where there is none
 */
record BuildPlaces(@Nullable MavenProject project) {

  /** Returns the directory of a parameter, and the project's unless it is set. */
  Path directory(@Nullable File chosen) {
    if (chosen != null) {
      return chosen.toPath().toAbsolutePath().normalize();
    }
    return project != null && project.getBasedir() != null
        ? project.getBasedir().toPath()
        : Path.of("").toAbsolutePath();
  }

  /** Returns where the project's reports go, unless told otherwise. */
  Path reports() {
    return project != null && project.getFile() != null
        ? Path.of(project.getBuild().getDirectory()).resolve("sandbox")
        : directory(null).resolve("target/sandbox");
  }
}
