package dev.sandboxed.core.erofs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.core.tree.Content;
import dev.sandboxed.core.tree.Descriptions;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.HostDirectory;
import dev.sandboxed.core.tree.Metadata;
import dev.sandboxed.core.tree.Node;
import dev.sandboxed.core.tree.RandomTrees;
import dev.sandboxed.core.tree.TreeBuilder;
import dev.sandboxed.core.tree.TreeDigest;
import dev.sandboxed.core.tree.TreeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ErofsReaderTest {
  private static final UUID ID = new UUID(3, 4);

  @TempDir private Path directory = Path.of("");

  @Property(tries = 100)
  void readsWhatWasWritten(@ForAll long seed) throws IOException {
    FileTree tree = RandomTrees.of(seed);
    Path image = Files.createTempFile("read", ".erofs");
    try {
      write(tree, image);

      try (var reader = ErofsReader.open(image)) {
        assertThat(Descriptions.differences(Descriptions.of(tree), Descriptions.of(reader.tree())))
            .isEmpty();
      }
    } finally {
      Files.delete(image);
    }
  }

  @Property(tries = 20)
  void writesWhatItReadAsTheSameBytes(@ForAll long seed) throws IOException {
    Path image = Files.createTempFile("first", ".erofs");
    Path again = Files.createTempFile("again", ".erofs");
    try {
      write(RandomTrees.of(seed), image);
      try (var reader = ErofsReader.open(image)) {
        write(reader.tree(), again);
      }

      assertThat(Files.mismatch(image, again)).isEqualTo(-1);
    } finally {
      Files.delete(image);
      Files.delete(again);
    }
  }

  /** Reading ends with an error or with a tree, whatever bytes changed behind the superblock. */
  @Property(tries = 400)
  void endsCleanlyOnDamage(@ForAll long seed) throws IOException {
    var random = new Random(seed);
    Path image = Files.createTempFile("damaged", ".erofs");
    try {
      write(RandomTrees.of(random.nextInt(20)), image);
      try (FileChannel channel = FileChannel.open(image, StandardOpenOption.WRITE)) {
        int metadata = (int) Math.min(channel.size() - 4096, 16_000);
        for (int i = random.nextInt(6); i >= 0 && metadata > 0; i--) {
          byte[] bytes = new byte[1 + random.nextInt(4)];
          random.nextBytes(bytes);
          channel.write(
              ByteBuffer.wrap(bytes), 4096 + random.nextInt(Math.max(1, metadata - bytes.length)));
        }
      }

      try (var reader = ErofsReader.open(image)) {
        assertThat(Descriptions.of(reader.tree())).containsKey("");
      } catch (TreeException e) {
        assertThat(e).hasMessageContaining("The image file " + image + " is damaged: ");
      }
    } finally {
      Files.delete(image);
    }
  }

  @Property(tries = 100)
  void refusesAnImageThatWasCutOff(@ForAll long seed) throws IOException {
    var random = new Random(seed);
    Path image = Files.createTempFile("cut", ".erofs");
    try {
      write(RandomTrees.of(random.nextInt(20)), image);
      try (FileChannel channel = FileChannel.open(image, StandardOpenOption.WRITE)) {
        channel.truncate(random.nextInt((int) channel.size()));
      }

      assertThatThrownBy(() -> ErofsReader.open(image))
          .isInstanceOf(TreeException.class)
          .hasMessageContaining("The image file " + image + " is damaged: the image has");
    } finally {
      Files.delete(image);
    }
  }

  @Test
  void refusesADirectoryThatHoldsItself() throws IOException {
    var builder = new TreeBuilder().directory("outer/inner", Metadata.root(0755));
    Path image = write(builder.build(), directory.resolve("loop.erofs"));
    try (FileChannel channel =
        FileChannel.open(image, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      int root = ErofsSuperblock.read(channel).rootNid();
      // The root's third entry, behind "." and "..", is made to lead to the root.
      var nid = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(root).flip();
      channel.write(nid, root * 32L + 64 + 2 * 12);
    }

    assertThatThrownBy(() -> ErofsReader.open(image))
        .isInstanceOf(TreeException.class)
        .hasMessageContaining("is a directory that holds itself");
  }

  @Test
  void readsALargeDirectoryAndLongNamesAndLinks() throws IOException {
    var builder = new TreeBuilder();
    for (int i = 0; i < 20_000; i++) {
      builder.file("many/" + "n".repeat(240) + i, Metadata.root(0600), Content.of(new byte[0]));
    }
    builder.symlink("link", Metadata.root(0777), "t".repeat(4095));
    builder.hardLink("many/second", "link");
    FileTree tree = builder.build();

    try (var reader = ErofsReader.open(write(tree, directory.resolve("many.erofs")))) {
      assertThat(Descriptions.differences(Descriptions.of(tree), Descriptions.of(reader.tree())))
          .isEmpty();
      Node first = reader.tree().find("link").orElseThrow();
      assertThat(reader.tree().find("many/second")).containsSame(first);
    }
  }

  @Test
  void identifiesContentsByTheirImage() throws IOException {
    Path source = Files.createDirectory(directory.resolve("source"));
    Files.writeString(source.resolve("a"), "text");
    Path first =
        write(HostDirectory.reader().read(source).tree(), directory.resolve("first.erofs"));
    Files.writeString(source.resolve("a"), "TEXT");
    Path second = directory.resolve("second.erofs");
    try (FileChannel channel = create(second)) {
      ErofsWriter.write(HostDirectory.reader().read(source).tree(), new UUID(5, 6), channel);
    }

    try (var one = ErofsReader.open(first);
        var again = ErofsReader.open(first);
        var other = ErofsReader.open(second)) {
      assertThat(TreeDigest.of(one.tree(), "")).isEqualTo(TreeDigest.of(again.tree(), ""));
      assertThat(TreeDigest.of(one.tree(), "")).isNotEqualTo(TreeDigest.of(other.tree(), ""));
    }
  }

  @Test
  void saysThatAFileIsMissing() {
    assertThatThrownBy(() -> ErofsReader.open(directory.resolve("none.erofs")))
        .isInstanceOf(TreeException.class)
        .hasMessageContaining("none.erofs does not exist");
  }

  private static Path write(FileTree tree, Path image) throws IOException {
    Files.deleteIfExists(image);
    try (FileChannel channel = create(image)) {
      ErofsWriter.write(tree, ID, channel);
    }
    return image;
  }

  private static FileChannel create(Path image) throws IOException {
    return FileChannel.open(
        image, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }
}
