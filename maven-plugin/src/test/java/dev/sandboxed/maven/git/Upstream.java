package dev.sandboxed.maven.git;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A repository to fetch from, made by the git of this machine. */
final class Upstream {
  private final Path directory;

  Upstream(Path directory) throws IOException {
    this.directory = Files.createDirectories(directory);
    git("init", "-q", "-b", "main");
  }

  Path directory() {
    return directory;
  }

  String url() {
    return "file://" + directory;
  }

  Upstream write(String file, String text) throws IOException {
    var path = directory.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
    return this;
  }

  /** Commits all that is there, and returns the commit's id. */
  String commit(String message) throws IOException {
    git("add", "--all");
    git("commit", "-q", "-m", message);
    return git("rev-parse", "HEAD").strip();
  }

  String git(String... arguments) throws IOException {
    var command =
        new ArrayList<>(
            List.of(
                "git",
                "-c",
                "user.name=A",
                "-c",
                "user.email=a@example.org",
                "-c",
                "protocol.file.allow=always"));
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command).directory(directory.toFile());
    builder.redirectErrorStream(true);
    builder.environment().putAll(Map.of("GIT_CONFIG_GLOBAL", "/dev/null"));
    var process = builder.start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IOException(command + ": " + output);
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    return output;
  }
}
