package dev.sandboxed.maven;

import java.io.Serial;
import java.nio.file.Path;

/** A directory is no project of a known kind; the message says what to do. */
final class UnrecognisedProjectException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  UnrecognisedProjectException(Path directory) {
    super(
        "%s is no project that can be recognised: it has no pom.xml, no build.gradle, no package.json with a test script, no pyproject.toml, setup.py or Python tests, no go.mod, no Cargo.toml, no Makefile with a target test or check, and no sandbox.yaml. Say what to run with -Dsandbox.command='…', or where the project is with -Dsandbox.dir=… or -Dsandbox.workdir=…"
            .formatted(directory));
  }
}
