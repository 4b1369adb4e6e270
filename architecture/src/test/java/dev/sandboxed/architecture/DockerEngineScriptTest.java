package dev.sandboxed.architecture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script that runs benchmarks with a Docker engine, with an engine that only says so. */
class DockerEngineScriptTest {
  private static final Path SCRIPT =
      Path.of("../benchmarks/docker-engine").toAbsolutePath().normalize();

  @TempDir private Path directory;

  @BeforeEach
  void putProgramsOnThePath() throws IOException {
    Files.createDirectories(directory.resolve("tmp"));
    for (var name : List.of("containerd", "runc", "docker", "runsc")) {
      program(name, "exit 1");
    }
    program("dockerd", "echo 'API listen on what was asked'; exec sleep 300");
  }

  @Test
  void needsACommand() throws Exception {
    assertThat(run())
        .isEqualTo(new Result(1, "usage: benchmarks/docker-engine COMMAND [ARGUMENT...]"));
  }

  @Test
  void needsRoot() throws Exception {
    assumeTrue(!isRoot());
    var result = run("true");
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.output()).startsWith("A Docker engine needs root, and this is ");
  }

  @Test
  void theCommandFindsTheEngineAndNothingIsLeft() throws Exception {
    assumeTrue(isRoot());
    var result = run("sh", "-c", "echo $DOCKER_HOST; exit 7");
    assertThat(result.code()).as(result.output()).isEqualTo(7);
    assertThat(result.output())
        .matches(
            "unix://\\Q" + directory.resolve("tmp") + "\\E/docker-engine\\.\\w+/docker\\.sock");
    assertThat(directory.resolve("tmp")).isEmptyDirectory();
  }

  @Test
  void anEngineThatFailsIsQuotedAndNothingIsLeft() throws Exception {
    assumeTrue(isRoot());
    program("dockerd", "echo first; echo 'no storage' >&2; exit 1");
    var result = run("true");
    assertThat(result)
        .isEqualTo(
            new Result(
                1, "The Docker engine does not answer; the last that it said:\nfirst\nno storage"));
    assertThat(directory.resolve("tmp")).isEmptyDirectory();
  }

  @Test
  void aMissingRunscIsNamed() throws Exception {
    assumeTrue(isRoot());
    Files.delete(directory.resolve("runsc"));
    var result = run("true");
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.output())
        .startsWith("There is no " + directory.resolve("runsc") + "; build it by ");
  }

  private static boolean isRoot() {
    return System.getProperty("user.name").equals("root");
  }

  private void program(String name, String script) throws IOException {
    var file = directory.resolve(name);
    Files.writeString(file, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private record Result(int code, String output) {}

  private Result run(String... arguments) throws Exception {
    var command = Stream.concat(Stream.of(SCRIPT.toString()), Stream.of(arguments)).toList();
    var output = directory.resolve("output");
    var builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().put("TMPDIR", directory.resolve("tmp").toString());
    builder.environment().put("SANDBOXED_RUNSC", directory.resolve("runsc").toString());
    builder.environment().merge("PATH", "", (path, none) -> directory + ":" + path);
    var process = builder.start();
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return new Result(
        process.exitValue(), Files.readString(output, StandardCharsets.UTF_8).strip());
  }
}
