package dev.sandboxed.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Image;
import dev.sandboxed.ImageException;
import dev.sandboxed.KeptImage;
import dev.sandboxed.core.image.MemoryStore.KeptMemory;
import dev.sandboxed.core.protocol.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryStoreTest {
  private static final int KILLS = Integer.getInteger("kills", 15);
  private static final String ID = "ab".repeat(32);
  private static final JsonObject SPEC = JsonObject.of(Map.of("command", "server"));
  private static final StoreLimits NOTHING = new StoreLimits(new ByteSize(0), Duration.ofDays(30));

  @TempDir private Path directory = Path.of("");

  @Test
  void anotherProcessFindsWhatWasKept() throws IOException {
    try (var store = open()) {
      PreparedImage image = image(store);
      store.memory().add(ID, image, SPEC, memory("state"));
      try (var other = open()) {
        KeptMemory found = other.memory().find(ID).orElseThrow();
        assertThat(found.image()).isEqualTo(image);
        assertThat(found.spec().string("command")).contains("server");
        assertThat(found.directory().resolve("pages.img")).hasContent("state");
        assertThat(other.list())
            .filteredOn(kept -> kept.kind() == KeptImage.Kind.MEMORY)
            .singleElement()
            .satisfies(kept -> assertThat(kept.id()).isEqualTo(ID));
      }
      assertThat(store.memory().find("cd".repeat(32))).isEmpty();
      assertThat(store.memory().find("../images")).isEmpty();
    }
  }

  @Test
  void isReadableForItsUserAlone() throws IOException {
    try (var store = open()) {
      store.memory().add(ID, image(store), SPEC, memory("state"));
      assertThat(mode(root().resolve("memory"))).isEqualTo("rwx------");
      assertThat(mode(kept())).isEqualTo("rwx------");
      try (Stream<Path> files = Files.list(kept())) {
        assertThat(files).hasSize(2).allMatch(file -> mode(file).equals("rw-------"));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"pages.img", "record.json"})
  void removesWhatIsDamaged(String name) throws IOException {
    try (var store = open()) {
      store.memory().add(ID, image(store), SPEC, memory("state"));
      assertThat(store.memory().find(ID)).isPresent();
      Files.writeString(kept().resolve(name), "stale", StandardOpenOption.WRITE);

      assertThatThrownBy(() -> store.memory().find(ID))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("is damaged and was removed");
      assertThat(store.memory().find(ID)).isEmpty();
      assertThat(names()).isEmpty();
    }
  }

  @Test
  void removesWhatIsIncomplete() throws IOException {
    try (var store = open()) {
      store.memory().add(ID, image(store), SPEC, memory("state"));
      Files.delete(kept().resolve("pages.img"));
      assertThatThrownBy(() -> store.memory().find(ID)).hasMessageContaining("pages.img");
      assertThat(names()).isEmpty();
    }
  }

  @Test
  void leavesNothingOfWhatCouldNotBeWritten() throws IOException {
    try (var store = open()) {
      assertThatThrownBy(
              () ->
                  store
                      .memory()
                      .add(
                          ID,
                          image(store),
                          SPEC,
                          draft -> {
                            memory("half").accept(draft);
                            throw new ImageException("no space left");
                          }))
          .hasMessage("no space left");
      assertThatThrownBy(() -> store.memory().add(ID, image(store), SPEC, draft -> {}))
          .isInstanceOf(ImageException.class);
      assertThat(names()).isEmpty();
    }
  }

  @Test
  void replacesAndRemovesByVersion() throws IOException {
    try (var store = open()) {
      store.memory().add(ID, image(store), SPEC, memory("first"));
      KeptMemory first = store.memory().find(ID).orElseThrow();
      store.memory().add(ID, image(store), SPEC, memory("second"));

      assertThat(store.memory().discard(first)).isFalse();
      KeptMemory second = store.memory().find(ID).orElseThrow();
      assertThat(second.directory().resolve("pages.img")).hasContent("second");
      assertThat(store.memory().discard(second)).isTrue();
      assertThat(store.memory().discard(ID)).isFalse();
      assertThat(names()).isEmpty();
    }
  }

  @Test
  void holdsItsImageUntilItIsPrunedItself() throws IOException {
    try (var store = open()) {
      PreparedImage image = image(store);
      store.memory().add(ID, image, SPEC, memory("state"));
      age(image.erofs());
      assertThat(store.prune(NOTHING).toString()).isEqualTo("No image was removed.");

      age(kept().resolve("record.json"));
      assertThat(store.prune(NOTHING).snapshots()).isEqualTo(1);
      assertThat(names()).isEmpty();
      assertThat(store.prune(NOTHING).images()).isEqualTo(1);
      assertThat(image.erofs()).doesNotExist();
    }
  }

  @Test
  void saysWhenTheImageIsGone() throws IOException {
    try (var store = open()) {
      PreparedImage image = image(store);
      store.memory().add(ID, image, SPEC, memory("state"));
      Files.delete(image.erofs());
      assertThatThrownBy(() -> store.memory().find(ID)).hasMessageContaining("image is gone");
      assertThatThrownBy(() -> store.memory().add(ID, image, SPEC, memory("state")))
          .hasMessageContaining("Start a new sandbox");
    }
  }

  @Test
  void oneMakesWhatSeveralWant() throws Exception {
    try (var store = open();
        var other = open()) {
      for (var waiting : List.of(store, other)) {
        var done = new CompletableFuture<Boolean>();
        Thread waiter;
        try (var making = store.memory().make(ID);
            var elsewhere = other.memory().make("cd".repeat(32))) {
          assertThat(elsewhere).isNotSameAs(making);
          waiter = waiter(waiting, done);
          awaitWaiting(waiter);
          assertThat(done).isNotDone();
        }
        assertThat(done.get(1, TimeUnit.MINUTES)).isTrue();
        waiter.join();
      }
    }
  }

  @Test
  void whoWaitsForAnotherCanBeInterrupted() throws Exception {
    try (var store = open();
        var other = open()) {
      for (var waiting : List.of(store, other)) {
        var done = new CompletableFuture<Boolean>();
        try (var making = store.memory().make(ID)) {
          var waiter = waiter(waiting, done);
          awaitWaiting(waiter);
          waiter.interrupt();
          assertThat(done.get(1, TimeUnit.MINUTES)).isFalse();
          waiter.join();
          assertThat(making).isNotNull();
        }
        // The lock is as it was.
        waiting.memory().make(ID).close();
      }
    }
  }

  private static void awaitWaiting(Thread waiter) {
    await()
        .until(waiter::getState, s -> s == Thread.State.WAITING || s == Thread.State.TIMED_WAITING);
  }

  /** Starts a thread that says whether it has made a snapshot, or was interrupted instead. */
  private static Thread waiter(ImageStore store, CompletableFuture<Boolean> done) {
    var thread =
        new Thread(
            () -> {
              try (var making = store.memory().make(ID)) {
                done.complete(making != null);
              } catch (InterruptedException e) {
                done.complete(Thread.currentThread().isInterrupted());
              } catch (RuntimeException e) {
                done.completeExceptionally(e);
              }
            });
    thread.start();
    return thread;
  }

  /** The kills fall on any moment; what is found is whole, and the rest goes with the next use. */
  @Test
  void staysWholeWhateverMomentItsUserIsKilledAt() throws Exception {
    try (var store = open()) {
      image(store);
    }
    var random = new Random(7);
    int found = 0;
    for (int i = 0; i < KILLS; i++) {
      Process process = writer();
      try {
        assertThat(process.inputReader().readLine()).isEqualTo("begins");
        process.waitFor(random.nextInt(120), TimeUnit.MILLISECONDS);
      } finally {
        process.destroyForcibly();
        process.waitFor();
      }
      try (var store = open()) {
        assertThat(names()).isSubsetOf(ID);
        found += store.memory().find(ID).isPresent() ? 1 : 0;
      }
    }
    assertThat(found).isPositive();
  }

  private Process writer() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            Writer.class.getName(),
            directory.toString())
        .redirectError(directory.resolve("errors").toFile())
        .start();
  }

  /** A process that keeps snapshots, one after the other. */
  static final class Writer {
    private static final int SNAPSHOTS = 1000;

    private Writer() {}

    public static void main(String[] arguments) throws IOException {
      var test = new MemoryStoreTest();
      test.directory = Path.of(arguments[0]);
      try (var store = test.open()) {
        PreparedImage image = test.image(store);
        System.out.println("begins");
        for (int i = 0; i < SNAPSHOTS; i++) {
          store.memory().add(ID, image, SPEC, memory("snapshot " + i + "\n".repeat(1 << 20)));
        }
      }
    }
  }

  private ImageStore open() {
    return ImageStore.open(root());
  }

  private PreparedImage image(ImageStore store) throws IOException {
    Path base = directory.resolve("base");
    if (!Files.exists(base)) {
      Files.createDirectory(base);
      Files.writeString(base.resolve("base"), "base");
    }
    return store.prepare(Image.directory(base));
  }

  private static Consumer<Path> memory(String content) {
    return draft -> {
      try {
        Files.write(draft.resolve("pages.img"), content.getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    };
  }

  private static void age(Path file) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(root().resolve("memory"))) {
      return files.map(file -> String.valueOf(file.getFileName())).toList();
    }
  }

  private static String mode(Path file) {
    try {
      return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path kept() {
    return root().resolve("memory").resolve(ID);
  }

  private Path root() {
    return directory.resolve("store");
  }
}
