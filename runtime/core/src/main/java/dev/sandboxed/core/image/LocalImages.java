package dev.sandboxed.core.image;

import dev.sandboxed.core.registry.ImageConfig;
import dev.sandboxed.core.tree.ArchiveLimits;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.HostDirectory;
import dev.sandboxed.core.tree.TarTree;
import dev.sandboxed.core.tree.TreeBuilder;
import dev.sandboxed.core.tree.TreeDigest;
import dev.sandboxed.core.tree.TreeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Images of directories and tar files of the host. Thread-safe. */
final class LocalImages {
  static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private final Records records;
  private final Path scratch;

  /**
   * Makes the part of a store that reads the host's files.
   *
   * @param scratch the directory for what is under way
   */
  LocalImages(Records records, Path scratch) {
    this.records = records;
    this.scratch = scratch;
  }

  ResolvedImage directory(Path directory) throws IOException {
    FileTree tree = SettledListing.of(() -> HostDirectory.reader().read(directory)).tree();
    return plain(TreeDigest.of(tree, RootTree.FORMAT), () -> OpenTree.of(tree));
  }

  ResolvedImage empty() throws IOException {
    FileTree tree = new TreeBuilder().build();
    return plain(TreeDigest.of(tree, RootTree.FORMAT), () -> OpenTree.of(tree));
  }

  ResolvedImage tar(Path tar) throws IOException {
    if (!Files.exists(tar)) {
      throw new TreeException("the tar file " + tar + " does not exist.");
    }
    Path real = tar.toRealPath();
    String key = key(real);
    return plain(contentDigest(real, key), () -> open(real, key));
  }

  private OpenTree open(Path tar, String key) throws IOException {
    TarTree open = TarTree.open(tar, scratch, ArchiveLimits.generous());
    return new OpenTree() {
      @Override
      public FileTree tree() {
        return open.tree();
      }

      @Override
      public void check() throws IOException {
        refuseChanged(tar, key);
      }

      @Override
      public void close() throws IOException {
        open.close();
      }
    };
  }

  private static ResolvedImage plain(String digest, OpenTree.Source source) {
    return new ResolvedImage(
        digest,
        new RootTree.Base(digest, source),
        List.of(),
        new ImageConfig(Map.of("PATH", PATH), "/", Optional.empty(), List.of()));
  }

  private static void refuseChanged(Path tar, String key) throws IOException {
    if (!key(tar).equals(key)) {
      throw new TreeException(
          "the tar file "
              + tar
              + " was changed while it was being read. Try again when it is complete.");
    }
  }

  /**
   * Returns what tells a file from all others and from all its own earlier states, without reading
   * it.
   */
  private static String key(Path file) throws IOException {
    return TreeDigest.of(
        SettledListing.of(() -> HostDirectory.reader().readAny(file)).tree(), RootTree.FORMAT);
  }

  /**
   * Returns a digest of the file's bytes; remembered, so that a large file is not read at every
   * start.
   */
  private String contentDigest(Path tar, String key) throws IOException {
    Optional<String> known =
        records
            .read(key)
            .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
            .filter(KeyDigest::isDigest);
    if (known.isPresent()) {
      return known.get();
    }
    MessageDigest sha256 = TreeDigest.sha256();
    sha256.update((RootTree.FORMAT + " tar ").getBytes(StandardCharsets.UTF_8));
    ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
    try (FileChannel channel = FileChannel.open(tar, StandardOpenOption.READ)) {
      while (channel.read(buffer.clear()) >= 0) {
        sha256.update(buffer.flip());
      }
    }
    String digest = HexFormat.of().formatHex(sha256.digest());
    refuseChanged(tar, key);
    records.write(key, digest.getBytes(StandardCharsets.UTF_8));
    return digest;
  }
}
