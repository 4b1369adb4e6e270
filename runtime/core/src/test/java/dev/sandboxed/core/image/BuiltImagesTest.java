package dev.sandboxed.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandboxed.Image;
import dev.sandboxed.ImageException;
import dev.sandboxed.ImageStep;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.Secret;
import dev.sandboxed.SettledStep;
import dev.sandboxed.SettledStep.Source;
import dev.sandboxed.core.erofs.ErofsReader;
import dev.sandboxed.core.support.DebianPackages;
import dev.sandboxed.core.tree.ByteStrings;
import dev.sandboxed.core.tree.Node;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuiltImagesTest {
  @TempDir private Path directory = Path.of("");
  private Path root = Path.of("");
  private Image base = Image.host();
  private @Nullable ImageStore store;
  private WritingSteps steps = new WritingSteps();

  @BeforeEach
  void openStore() throws IOException {
    root = directory.resolve("store");
    Path source = Files.createDirectory(directory.resolve("base"));
    Files.writeString(source.resolve("base"), "base");
    Files.createDirectories(source.resolve("srv"));
    base = Image.directory(source);
    store = ImageStore.open(root);
    steps = new WritingSteps();
  }

  @AfterEach
  void closeStore() {
    store.close();
  }

  @Test
  void takesStepsInTheirOrderAndOnce() throws IOException {
    Image image = base.run("write", "a", "1").run("write", "a", "2").run("remove", "base");

    PreparedImage prepared = store.prepare(image, steps);

    assertThat(contents(prepared)).containsEntry("a", "2").doesNotContainKey("base");
    assertThat(steps.ran()).containsExactly("run write a 1", "run write a 2", "run remove base");
    assertThat(store.prepare(image, steps)).isEqualTo(prepared);
    assertThat(steps.ran()).hasSize(3);
    try (var second = ImageStore.open(root)) {
      assertThat(second.prepare(image, steps)).isEqualTo(prepared);
    }
    assertThat(steps.ran()).hasSize(3);
  }

  @Test
  void tellsWhereTheResultOfEachStepCameFrom() {
    Image image = base.with(ImageStep.write("/b", "1")).run("write", "a", "1");
    store.prepare(image, steps);
    assertThat(steps.settled())
        .extracting(settled -> settled.step().toString(), SettledStep::source)
        .containsExactly(
            tuple(ImageStep.write("/b", "1").toString(), Source.MADE),
            tuple("run write a 1", Source.MADE));
    SettledStep made = steps.settled().get(1);
    assertThat(made.key()).matches("[0-9a-f]{64}");
    assertThat(made.size()).hasValueSatisfying(size -> assertThat(size.bytes()).isPositive());

    steps = new WritingSteps();
    store.prepare(image, steps);

    assertThat(steps.ran()).isEmpty();
    assertThat(steps.settled().get(1))
        .isEqualTo(new SettledStep(made.step(), Source.KEPT, made.key(), made.made(), made.size()));
    assertThat(made.made()).hasValueSatisfying(at -> assertThat(at).isBefore(Instant.now()));
  }

  @Test
  void tellsThatAnotherBuildIsWaitedFor() throws Exception {
    Image image = base.run("write", "a", "1");
    var begun = new CountDownLatch(1);
    var waited = new CountDownLatch(1);
    StepRunner slow =
        (parent, prepared, step, layer) -> {
          begun.countDown();
          try {
            assertThat(waited.await(1, TimeUnit.MINUTES)).isTrue();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
          WritingSteps.write(layer, "a", "1");
        };
    var first = new FutureTask<>(() -> store.prepare(image, slow));
    new Thread(first).start();
    assertThat(begun.await(1, TimeUnit.MINUTES)).isTrue();
    steps.whenWaiting(waited::countDown);

    PreparedImage second = store.prepare(image, steps);

    assertThat(second).isEqualTo(first.get());
    assertThat(steps.ran()).isEmpty();
    assertThat(steps.settled()).extracting(SettledStep::source).containsExactly(Source.WAITED);
  }

  @Test
  void refusesToWriteWhereTheHostIsShown() {
    Image image = Image.host().with(ImageStep.write("/usr/local/tool", "text"));

    assertThatThrownBy(() -> store.prepare(image, steps))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("writes below /usr, where the image shows the host's own directory")
        .hasMessageContaining("such as one below /srv");
  }

  @Test
  void takesOnlyTheStepsThatChanged() throws IOException {
    Image prefix = base.run("write", "a", "1").run("write", "b", "1");
    store.prepare(prefix.run("write", "c", "1"), steps);

    PreparedImage changed = store.prepare(prefix.run("write", "c", "2"), steps);

    assertThat(contents(changed)).containsEntry("b", "1").containsEntry("c", "2");
    assertThat(steps.ran()).hasSize(4).endsWith("run write c 2");
  }

  @Test
  void needsOfAnUnchangedPrefixItsRecordsAlone() throws IOException {
    Image prefix = base.run("write", "a", "1");
    Image image = prefix.run("write", "b", "1");
    PreparedImage prepared = store.prepare(image, steps);
    for (Path file : files("images")) {
      if (!file.equals(prepared.erofs())) {
        Files.delete(file);
      }
    }
    for (Path layer : files("layers")) {
      Files.delete(layer);
    }

    assertThat(store.prepare(image, steps)).isEqualTo(prepared);

    assertThat(steps.ran()).hasSize(2);
    assertThat(files("images")).containsExactly(prepared.erofs());
    assertThat(files("layers")).isEmpty();
  }

  @Test
  void makesFilesFromTheLayersAgain() throws IOException {
    Image image = base.run("write", "a", "1").run("write", "b", "1").run("remove", "a");
    PreparedImage prepared = store.prepare(image, steps);
    byte[] before = Files.readAllBytes(prepared.erofs());
    for (Path file : files("images")) {
      Files.delete(file);
    }

    assertThat(store.prepare(image, steps)).isEqualTo(prepared);

    assertThat(steps.ran()).hasSize(3);
    assertThat(Files.readAllBytes(prepared.erofs())).isEqualTo(before);
    // The base and the wanted one; what is between is not needed.
    assertThat(files("images")).hasSize(2);
  }

  @Test
  void takesAStepAgainWhoseLayerIsGoneOrDamaged() throws IOException {
    Image image = base.run("write", "a", "1").run("write", "b", "1");
    PreparedImage prepared = store.prepare(image, steps);
    for (Path layer : files("layers")) {
      Files.setPosixFilePermissions(layer, PosixFilePermissions.fromString("rw-------"));
      try (var file = new RandomAccessFile(layer.toFile(), "rw")) {
        file.seek(600);
        file.write(file.read() ^ 1);
      }
      for (Path file : files("images")) {
        Files.delete(file);
      }

      assertThat(store.prepare(image, steps)).isEqualTo(prepared);
      assertThat(contents(prepared)).containsEntry("a", "1").containsEntry("b", "1");
    }
    for (Path layer : files("layers")) {
      Files.delete(layer);
    }
    for (Path file : files("images")) {
      Files.delete(file);
    }

    assertThat(store.prepare(image, steps)).isEqualTo(prepared);

    assertThat(contents(prepared)).containsEntry("a", "1").containsEntry("b", "1");
    assertThat(steps.ran()).hasSize(6);
  }

  @Test
  void takesNoRecordOfAnotherStepForItsOwn() throws IOException {
    Image image = base.run("write", "a", "1");
    Image other = base.run("write", "b", "1");
    store.prepare(image, steps);
    List<Path> before = files("keys");
    store.prepare(other, steps);
    Path second =
        files("keys").stream().filter(file -> !before.contains(file)).findFirst().orElseThrow();
    Files.delete(second);
    Files.copy(before.get(0), second);

    assertThat(contents(store.prepare(other, steps))).containsEntry("b", "1");
    for (Path file : files("keys")) {
      Files.delete(file);
      Files.writeString(file, "{\"layer\":");
    }
    assertThat(contents(store.prepare(other, steps))).containsEntry("b", "1");
    assertThat(contents(store.prepare(image, steps))).containsEntry("a", "1");
  }

  @Test
  void changesTheConfigurationWithoutALayer() throws IOException {
    Image image =
        base.env("A", "1")
            .env(Map.of("A", "2", "B", "3"))
            .workdir("/srv")
            .user("daemon:daemon")
            .entrypoint("/bin/sh", "-c");

    PreparedImage prepared = store.prepare(image, steps);

    assertThat(prepared.environment()).containsEntry("A", "2").containsEntry("B", "3");
    assertThat(prepared.environment()).containsKey("PATH");
    assertThat(prepared.workingDirectory()).isEqualTo("/srv");
    assertThat(prepared.user()).contains("daemon:daemon");
    assertThat(prepared.entrypoint()).containsExactly("/bin/sh", "-c");
    assertThat(prepared.erofs()).isEqualTo(store.prepare(base).erofs());
    assertThat(prepared.digest()).isNotEqualTo(store.prepare(base).digest());
    assertThat(files("layers")).isEmpty();
    assertThat(steps.ran()).isEmpty();
  }

  @Test
  void takesAProgramAgainForWhatReachesItAndNothingElse() {
    store.prepare(base.run("write", "a", "1"), steps);
    store.prepare(base.entrypoint("/bin/sh").run("write", "a", "1"), steps);
    assertThat(steps.ran()).hasSize(1);

    store.prepare(base.env("A", "1").run("write", "a", "1"), steps);
    store.prepare(base.workdir("/srv").run("write", "a", "1"), steps);
    store.prepare(base.user("1").run("write", "a", "1"), steps);
    var step = ImageStep.run("write", "a", "1");
    store.prepare(base.with(step.network(NetworkPolicy.allow("a.example"))), steps);
    store.prepare(base.with(step.env(Map.of("B", "1"))), steps);
    assertThat(steps.ran()).hasSize(6);
  }

  @Test
  void knowsSecretsByNameOnly() throws IOException {
    var step = ImageStep.run("write", "a", "1");
    store.prepare(base.with(step.secret(Secret.of("TOKEN", "first-value"))), steps);
    store.prepare(base.with(step.secret(Secret.of("TOKEN", "second-value"))), steps);
    assertThat(steps.ran()).hasSize(1);

    store.prepare(base.with(step.secret(Secret.of("OTHER", "first-value"))), steps);

    assertThat(steps.ran()).hasSize(2);
    for (Path file : files("keys")) {
      assertThat(Files.readString(file)).doesNotContain("value").doesNotContain("TOKEN");
    }
  }

  @Test
  void copiesByWhatFilesHoldNotByTheirTimes() throws IOException {
    Path one = Files.createDirectory(directory.resolve("one"));
    Files.createDirectory(one.resolve("deep"));
    Files.writeString(one.resolve("deep/file"), "text");
    Files.writeString(one.resolve("script"), "#!/bin/sh\n");
    Files.setPosixFilePermissions(
        one.resolve("script"), PosixFilePermissions.fromString("rwxr-xr-x"));
    PreparedImage first = store.prepare(base.copy(one, "/srv/site"));
    SortedMap<String, String> contents = contents(first);
    assertThat(contents)
        .containsEntry("srv/site/deep/file", "text")
        .containsEntry("srv/site/script", "#!/bin/sh\n")
        .containsEntry("base", "base");
    List<Path> layers = files("layers");
    Files.setLastModifiedTime(one.resolve("deep/file"), FileTime.from(Instant.EPOCH));
    Files.move(one.resolve("script"), one.resolve("script2"));
    Files.copy(one.resolve("script2"), one.resolve("script"));
    Files.delete(one.resolve("script2"));

    assertThat(store.prepare(base.copy(one, "/srv/site"))).isEqualTo(first);
    assertThat(files("layers")).isEqualTo(layers);

    Files.writeString(one.resolve("deep/file"), "TEXT");
    PreparedImage changed = store.prepare(base.copy(one, "/srv/site"));
    assertThat(contents(changed)).containsEntry("srv/site/deep/file", "TEXT");
    assertThat(steps.ran()).isEmpty();
  }

  @Test
  void copiesFromAnotherImageWithoutKeepingIt() throws IOException {
    Image builder = base.run("write", "tool", "built");

    PreparedImage prepared =
        store.prepare(base.with(ImageStep.copyFrom(builder, "/tool", "/usr/bin/")), steps);

    assertThat(contents(prepared)).containsEntry("usr/bin/tool", "built").doesNotContainKey("tool");
    assertThat(steps.ran()).containsExactly("run write tool built");
    assertThatThrownBy(
            () -> store.prepare(base.with(ImageStep.copyFrom(builder, "/none", "/x")), steps))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("there is no /none in the image");
  }

  @Test
  void saysThatACopiedFileIsMissing() {
    assertThatThrownBy(() -> store.prepare(base.copy(directory.resolve("none"), "/x")))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining(directory.resolve("none") + " that a step copies does not exist");
  }

  @Test
  void keepsNothingOfAFailedStepAndAllBeforeIt() throws IOException {
    Image before = base.run("write", "a", "1");
    Image image = before.run("fail");

    assertThatThrownBy(() -> store.prepare(image, steps))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("the step failed");
    assertThat(files("layers")).hasSize(1);
    assertThatThrownBy(() -> store.prepare(image, steps)).hasMessageContaining("the step failed");
    assertThat(steps.ran()).containsExactly("run write a 1", "run fail", "run fail");
  }

  @Test
  void refusesALayerThatIsNone() throws IOException {
    Image image = base.run("break");

    for (int i = 1; i < 3; i++) {
      assertThatThrownBy(() -> store.prepare(image, steps))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("not a tar archive");
      assertThat(steps.ran()).hasSize(i);
      assertThat(files("layers")).isEmpty();
    }
  }

  @Test
  void needsARunnerForPrograms() {
    assertThatThrownBy(() -> store.prepare(base.run("true")))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("\"run true\" needs a sandbox");
  }

  @Test
  void leavesNothingWhenTheDiskIsFull() throws IOException {
    assumeTrue(
        DebianPackages.isRoot(),
        "a small file system needs root to mount, and this is user "
            + System.getProperty("user.name"));
    Path small = Files.createDirectory(directory.resolve("small"));
    byte[] bytes = new byte[3 << 20];
    new Random(1).nextBytes(bytes);
    Path large = Files.write(directory.resolve("large"), bytes);
    DebianPackages.run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small.toString());
    try (var full = ImageStore.open(small)) {
      assertThatThrownBy(() -> full.prepare(base.copy(large, "/large")))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("no space left in " + small.resolve("layers"));
      assertThat(small.resolve("layers")).isEmptyDirectory();
      assertThat(contents(full.prepare(base.run("write", "a", "1"), steps)))
          .containsEntry("a", "1");
    } finally {
      DebianPackages.run("umount", small.toString());
    }
  }

  private List<Path> files(String name) throws IOException {
    try (Stream<Path> files = Files.list(root.resolve(name))) {
      return files.sorted().toList();
    }
  }

  /** Returns the texts of all regular files. */
  static SortedMap<String, String> contents(PreparedImage image) throws IOException {
    var contents = new TreeMap<String, String>();
    try (var reader = ErofsReader.open(image.erofs())) {
      reader
          .tree()
          .walk(
              (path, node) -> {
                if (node instanceof Node.Regular file) {
                  var bytes = new ByteArrayOutputStream();
                  file.content().copyTo(Channels.newChannel(bytes));
                  contents.put(ByteStrings.display(path), bytes.toString(StandardCharsets.UTF_8));
                }
              });
    }
    return contents;
  }
}
