package dev.sandboxed.maven.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/** Shows pages in Chromium, without a window. */
final class Browser {
  private final Path directory;

  /**
   * A browser that keeps its files in a directory. Without Chromium the test is skipped, and says
   * so.
   */
  Browser(Path directory) {
    this.directory = directory;
    assumeTrue(
        Stream.of(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(d -> Files.isExecutable(Path.of(d, "chromium"))),
        "There is no chromium on the PATH; .ci/install-packages installs it");
  }

  /**
   * What became of a page.
   *
   * @param dom the document as the browser has it, after all scripts that it let run
   * @param log what the browser says, refusals by the page's policy among it
   */
  record Shown(String dom, String log) {}

  Shown show(Path page) throws Exception {
    var dom = run(page, "--dump-dom");
    return new Shown(dom, Files.readString(directory.resolve("log")));
  }

  BufferedImage picture(Path page) throws Exception {
    var picture = directory.resolve("picture.png");
    run(page, "--screenshot=" + picture, "--window-size=1200,2000");
    return ImageIO.read(picture.toFile());
  }

  private String run(Path page, String... options) throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add("chromium");
    command.addAll(
        List.of(
            "--headless",
            "--no-sandbox", // root has no other way; the page is the test's own
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--force-color-profile=srgb",
            "--enable-logging=stderr",
            "--user-data-dir=" + directory.resolve("profile")));
    command.addAll(List.of(options));
    command.add(page.toUri().toString());
    var output = directory.resolve("output");
    var process =
        new ProcessBuilder(command)
            .redirectOutput(output.toFile())
            .redirectError(directory.resolve("log").toFile())
            .start();
    process.getOutputStream().close();
    try {
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("chromium ends").isTrue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as(Files.readString(directory.resolve("log"))).isZero();
    return Files.readString(output);
  }
}
