package dev.sandboxed.core.image;

import dev.sandboxed.core.erofs.ErofsReader;
import dev.sandboxed.core.tree.ArchiveLimits;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.LayeredTree;
import dev.sandboxed.core.tree.TreeException;
import java.io.Closeable;
import java.io.IOException;
import java.io.Serial;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes the files of root file systems: from the nearest root below that has its file, and the
 * layers over that. Thread-safe.
 */
final class RootFiles {
  private final ErofsFiles files;
  private final LayerFiles layers;
  private final Runnable grown;

  /**
   * Makes the part of a store that makes files.
   *
   * @param grown is run when a file was added
   */
  RootFiles(ErofsFiles files, LayerFiles layers, Runnable grown) {
    this.files = files;
    this.layers = layers;
    this.grown = grown;
  }

  /**
   * Returns the file of a root.
   *
   * @throws MissingLayerException if a layer that it needs is not there
   */
  Path file(RootTree root) throws IOException {
    OpenTree.Source source =
        root instanceof RootTree.Base base ? base.source() : () -> layered(root);
    if (files.make(root.digest(), source)) {
      grown.run();
    }
    return files.path(root.digest());
  }

  /**
   * Opens a root as a tree, without making a file for it unless it is a base.
   *
   * @throws MissingLayerException if a layer that it needs is not there
   */
  OpenTree tree(RootTree root) throws IOException {
    if (!(root instanceof RootTree.Layered) || files.has(root.digest())) {
      return opened(root);
    }
    OpenTree tree = layered(root);
    try {
      tree.check();
      return tree;
    } catch (IOException | RuntimeException | Error e) {
      tree.close();
      throw e;
    }
  }

  /**
   * Refuses a layer that cannot be laid over a root, before it is kept.
   *
   * @param layer the layer's file, whose name means nothing yet
   */
  void check(RootTree below, Path layer) throws IOException {
    try (OpenTree lowest = tree(below);
        FileChannel channel = FileChannel.open(layer, StandardOpenOption.READ)) {
      LayeredTree.over(lowest.tree(), List.of(channel), ArchiveLimits.generous());
    }
  }

  private OpenTree opened(RootTree root) throws IOException {
    ErofsReader reader = ErofsReader.open(file(root));
    return OpenTree.of(reader.tree(), reader::close);
  }

  /** Lays the layers of a root over what is below them; they are checked by the tree's check. */
  private OpenTree layered(RootTree root) throws IOException {
    Deque<RootTree.Layered> above = new ArrayDeque<>();
    RootTree below = root;
    while (below instanceof RootTree.Layered layered
        && (above.isEmpty() || !files.has(layered.digest()))) {
      above.push(layered);
      below = layered.below();
    }
    var open = new Opened();
    try {
      OpenTree lowest = open.add(opened(below));
      for (RootTree.Layered layered : above) {
        open.add(layered, open(layered));
      }
      return new LaidOver(open.over(lowest.tree()), open);
    } catch (IOException | RuntimeException | Error e) {
      open.close();
      throw e;
    }
  }

  private LayerFiles.Unchecked open(RootTree.Layered layered) throws IOException {
    return layers.openUnchecked(layered.layer()).orElseThrow(() -> missing(layered));
  }

  private static MissingLayerException missing(RootTree.Layered layered) {
    return new MissingLayerException(layered.layer(), layered.key());
  }

  /** What must stay open as long as a tree of layers is used. */
  private static final class Opened implements Closeable {
    private final Map<RootTree.Layered, LayerFiles.Unchecked> layers = new LinkedHashMap<>();
    private final List<OpenTree> trees = new ArrayList<>();

    OpenTree add(OpenTree tree) {
      trees.add(tree);
      return tree;
    }

    void add(RootTree.Layered root, LayerFiles.Unchecked layer) {
      layers.put(root, layer);
    }

    FileTree over(FileTree lowest) throws IOException {
      List<FileChannel> channels =
          layers.values().stream().map(LayerFiles.Unchecked::channel).toList();
      try {
        return LayeredTree.over(lowest, channels, ArchiveLimits.generous());
      } catch (TreeException e) {
        // A damaged layer is not refused, but made again.
        check();
        throw e;
      }
    }

    void check() throws IOException {
      for (Map.Entry<RootTree.Layered, LayerFiles.Unchecked> layer : layers.entrySet()) {
        if (!layer.getValue().isWhole()) {
          throw missing(layer.getKey());
        }
      }
    }

    @Override
    public void close() throws IOException {
      for (LayerFiles.Unchecked layer : layers.values()) {
        layer.close();
      }
      for (OpenTree below : trees) {
        below.close();
      }
    }
  }

  /** A tree of layers, which are known to be whole after its check. */
  private record LaidOver(FileTree tree, Opened open) implements OpenTree {
    @Override
    public void check() throws IOException {
      open.check();
    }

    @Override
    public void close() throws IOException {
      open.close();
    }
  }

  /** A layer is not in the store, or was damaged and is so no longer. */
  static final class MissingLayerException extends IOException {
    @Serial private static final long serialVersionUID = 1L;
    private final transient Optional<String> key;

    MissingLayerException(String layer, Optional<String> key) {
      super("the layer " + layer + " of the image is gone or damaged");
      this.key = key;
    }

    /** Returns the key of the step that can make it again. */
    Optional<String> key() {
      return key;
    }
  }
}
