package dev.sandboxed.core.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Image;
import dev.sandboxed.ImageStep;
import dev.sandboxed.core.erofs.StrictErofsReader;
import dev.sandboxed.core.tree.Content;
import dev.sandboxed.core.tree.Metadata;
import dev.sandboxed.core.tree.TarWriter;
import dev.sandboxed.core.tree.TreeBuilder;
import dev.sandboxed.core.tree.TreeDigest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several processes that use one store, and such that are killed in the midst of it. */
class StoreCrashTest {
  private static final int KILLS = Integer.getInteger("kills", 25);

  @TempDir private Path directory = Path.of("");

  @Test
  void takesEachStepOnceWhateverTheNumberOfProcesses() throws Exception {
    makeBase();
    var processes = new ArrayList<Process>();
    try {
      for (int i = 0; i < 3; i++) {
        processes.add(start(1));
      }
      var answers = new ArrayList<String>();
      for (Process process : processes) {
        answers.add(output(process));
      }
      assertThat(answers)
          .allSatisfy(answer -> assertThat(answer).isNotBlank().isEqualTo(answers.get(0)));
    } finally {
      end(processes);
    }
    assertThat(Files.readAllLines(directory.resolve("taken"))).hasSize(Builder.STEPS);
    assertThat(leftovers()).isEmpty();
  }

  /**
   * The kills fall on any moment of a build. What the next process finds is whole, what it makes is
   * right, and nothing half-made outlives the next use of the store.
   */
  @Test
  void staysWholeWhateverMomentItsUserIsKilledAt() throws Exception {
    makeBase();
    var random = new Random(5);
    for (int i = 0; i < KILLS; i++) {
      // Each round has steps of its own, so that there is something to make.
      Process process = start(i);
      try {
        // A builder says when it begins; how far it gets is the machine's affair.
        assertThat(process.inputReader().readLine()).isEqualTo("begins");
        process.waitFor(random.nextInt(400), TimeUnit.MILLISECONDS);
      } finally {
        end(List.of(process));
      }
      try (var store = ImageStore.open(root())) {
        assertThat(leftovers()).isEmpty();
        assertWhole();
        if (i % 5 == 4) {
          PreparedImage prepared =
              store.prepare(Builder.image(directory, i), new Builder(directory));
          var contents = BuiltImagesTest.contents(prepared);
          assertThat(contents).containsKey("base").hasSize(Builder.STEPS + 1);
          assertThat(contents.get("f0")).hasSize(Builder.SIZE).startsWith("round " + i + " ");
        }
      }
    }
  }

  /** Every file that has a name is what its name says. */
  private void assertWhole() throws Exception {
    for (Path layer : files("layers")) {
      byte[] sha256 = TreeDigest.sha256().digest(Files.readAllBytes(layer));
      assertThat(layer).hasFileName(HexFormat.of().formatHex(sha256));
    }
    for (Path image : files("images")) {
      try (var reader = new StrictErofsReader(image)) {
        assertThat(reader.describe()).containsKey("base");
      }
    }
    for (Path record : files("keys")) {
      String text = Files.readString(record);
      assertThat(
              KeyDigest.isDigest(text)
                  || StepRecord.parse(
                          text.getBytes(StandardCharsets.UTF_8),
                          String.valueOf(record.getFileName()))
                      .isPresent())
          .as(text)
          .isTrue();
    }
  }

  private List<Path> leftovers() throws IOException {
    var left = new ArrayList<Path>();
    for (String name : List.of("layers", "images", "keys", "masks", "snapshots")) {
      for (Path file : files(name)) {
        if (!String.valueOf(file.getFileName()).matches("[0-9a-f]{64}(\\.erofs)?")) {
          left.add(file);
        }
      }
    }
    return left;
  }

  private List<Path> files(String name) throws IOException {
    try (Stream<Path> files = Files.list(root().resolve(name))) {
      return files.toList();
    }
  }

  private Path root() {
    return directory.resolve("store");
  }

  private void makeBase() throws IOException {
    Path base = Files.createDirectory(directory.resolve("base"));
    Files.writeString(base.resolve("base"), "base");
  }

  private Process start(int round) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            Builder.class.getName(),
            directory.toString(),
            Integer.toString(round))
        .redirectError(directory.resolve("errors").toFile())
        .start();
  }

  private static String output(Process process) throws Exception {
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).isZero();
    return output;
  }

  private static void end(List<Process> processes) throws InterruptedException {
    for (Process process : processes) {
      process.destroyForcibly();
      process.waitFor();
    }
  }

  /** A process that builds an image of several steps. */
  static final class Builder implements StepRunner {
    static final int STEPS = 3;
    static final int SIZE = 2 << 20;

    private final Path directory;

    Builder(Path directory) {
      this.directory = directory;
    }

    static Image image(Path directory, int round) {
      Image image = Image.directory(directory.resolve("base"));
      for (int i = 0; i < STEPS; i++) {
        image = image.run("make", "f" + i, Integer.toString(round));
      }
      return image;
    }

    @Override
    public void run(Image parent, PreparedImage prepared, ImageStep.InSandbox step, Path layer)
        throws IOException {
      List<String> command = ((ImageStep.Run) step).command();
      String text = "round " + command.get(2) + " ";
      byte[] content =
          text.repeat(SIZE / text.length() + 1).substring(0, SIZE).getBytes(StandardCharsets.UTF_8);
      var tree =
          new TreeBuilder().file(command.get(1), Metadata.root(0644), Content.of(content)).build();
      try (var out = Files.newOutputStream(layer)) {
        TarWriter.write(tree, out);
      }
      Files.writeString(
          directory.resolve("taken"),
          step + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    }

    public static void main(String[] arguments) {
      Path directory = Path.of(arguments[0]);
      System.out.println("begins");
      try (var store = ImageStore.open(directory.resolve("store"))) {
        PreparedImage prepared =
            store.prepare(image(directory, Integer.parseInt(arguments[1])), new Builder(directory));
        System.out.println(prepared.digest());
      }
    }
  }
}
