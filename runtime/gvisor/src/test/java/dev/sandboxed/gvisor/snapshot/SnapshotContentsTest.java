package dev.sandboxed.gvisor.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Image;
import dev.sandboxed.Sandbox;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A sandbox that starts from a snapshot has the files of the one that it was taken of. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class SnapshotContentsTest {
  /** After that, the store forgets what tests have left. */
  private static final Duration LIFE = Duration.ofHours(1);

  private static final String FIRST =
      """
      mkdir -p /data/{kept,removed,moved/deep,emptied,was-directory,swap-a,swap-b} /data/opaque/old
      cd /data
      for d in kept removed moved moved/deep emptied was-directory opaque opaque/old swap-a swap-b; do echo "$d" > $d/file; done
      echo text > was-file; echo 1 > one; ln one two; ln one kept/three
      ln -s kept/file link; mkfifo pipe; echo old > removed-file
      """;

  private static final String SECOND =
      """
      cd /data
      rm removed-file; rm -r removed; mv moved renamed; rm emptied/file
      rm -r was-directory; echo file > was-directory
      rm was-file; mkdir was-file; echo in > was-file/file
      rm -r opaque; mkdir opaque; echo new > opaque/new
      mv swap-a swap; mv swap-b swap-a; mv swap swap-b
      echo more >> two
      chmod 4755 kept/file; chown 1234:4000000000 kept/file; chmod 1777 kept; touch -d @1 renamed/deep/file
      mknod disk b 7 200; mkfifo pipe2; ln -s ../../../etc/passwd out; rm link; ln -s nowhere link
      truncate -s 20M sparse; echo end >> sparse
      touch $'not-utf8-\\xff' $'line\\nbreak' ' space ' ./-n "$(printf 'x%.0s' $(seq 255))"
      p=deep; for i in $(seq 12); do p=$p/$(printf "d%.0s" $(seq 100)); done; mkdir -p $p; echo deep > $p/file
      ln sparse hard; ln -s "$(printf '/y%.0s' $(seq 1000))" long-link; mkdir empty
      exec 9> open-and-gone; rm open-and-gone; echo lost >&9
      """;

  @Test
  void everySortOfChangeSurvivesThreeSnapshotsInARow() {
    Image image = Image.host();
    for (var script :
        List.of(FIRST, SECOND, "cd /data; rm hard; mv renamed moved; echo again > kept/again")) {
      try (var sandbox = Sandbox.builder().image(image).create()) {
        run(sandbox, script);
        var expected = Listing.of(sandbox, "/data");
        image = sandbox.snapshotFilesystem(LIFE);
        assertThat(Listing.of(sandbox, "/data")).containsExactlyElementsOf(expected);

        try (var copy = Sandbox.builder().image(image).create()) {
          assertThat(Listing.of(copy, "/data")).containsExactlyElementsOf(expected);
        }
      }
    }
  }

  /** Whatever is done to files, the snapshot has them as they are; also one of a copy of a copy. */
  @ParameterizedTest
  @ValueSource(longs = {0, 1})
  void randomOperationsGiveTheSameFiles(long given) {
    // The first is another one each time, and is in the message if it fails.
    var seed = given == 0 ? System.nanoTime() : given;
    var random = new Random(seed);
    Image image = Image.host();
    for (var generation = 1; generation <= 3; generation++) {
      try (var sandbox = Sandbox.builder().image(image).create()) {
        run(sandbox, "mkdir -p /data; cd /data\n" + Operations.script(random, 150));
        image = sandbox.snapshotFilesystem(LIFE);
        try (var copy = Sandbox.builder().image(image).create()) {
          assertThat(Listing.of(copy, "/data"))
              .as("seed %d, generation %d", seed, generation)
              .containsExactlyElementsOf(Listing.of(sandbox, "/data"));
        }
      }
    }
  }

  @Test
  void copiesAreIsolatedFromEachOtherAndFromTheSource() {
    try (var source = Sandbox.builder().create()) {
      source.files().write("/work/file", "first");
      var image = source.snapshotFilesystem(LIFE);
      source.files().write("/work/file", "later");
      try (var one = Sandbox.builder().image(image).create();
          var two = Sandbox.builder().image(image).create()) {
        one.files().write("/work/file", "one");

        assertThat(two.files().readText("/work/file")).isEqualTo("first");
        assertThat(source.files().readText("/work/file")).isEqualTo("later");
      }
    }
  }

  private static void run(Sandbox sandbox, String script) {
    var result = sandbox.exec("bash", "-euc", script).await();
    assertThat(result.stderr()).isEmpty();
    assertThat(result.exitCode()).isZero();
  }
}
