package dev.sandboxed.benchmarks.micro;

import dev.sandboxed.core.erofs.ErofsWriter;
import dev.sandboxed.core.tree.DirectoryRemover;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.HostDirectory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Making an image of a directory: a thousand files of a kibibyte, a hundred in each directory. */
@State(Scope.Thread)
public class Trees {
  private static final int DIRECTORIES = 10;
  private static final int FILES = 100;
  private static final UUID ID = new UUID(1, 2);

  private Path directory = Path.of("");
  private Path tree = Path.of("");

  /** Writes the files. */
  @Setup
  public void write() throws IOException {
    directory = Files.createTempDirectory("sandboxed-benchmark");
    tree = directory.resolve("tree");
    for (var i = 0; i < DIRECTORIES; i++) {
      var parent = Files.createDirectories(tree.resolve("directory-" + i));
      for (var j = 0; j < FILES; j++) {
        Files.write(parent.resolve("file-" + j), new byte[1024]);
      }
    }
  }

  /** Removes them. */
  @TearDown
  public void remove() throws IOException {
    DirectoryRemover.remove(directory);
  }

  /** Lists them with all that an image says of them. */
  @Benchmark
  public FileTree listThousandFiles() throws IOException {
    return HostDirectory.reader().read(tree).tree();
  }

  /** Lists them and writes the image. */
  @Benchmark
  public long writeAnImageOfThousandFiles() throws IOException {
    var image = directory.resolve("image");
    try (var channel =
        FileChannel.open(
            image,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      ErofsWriter.write(listThousandFiles(), ID, channel);
      return channel.size();
    }
  }
}
