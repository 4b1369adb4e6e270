package dev.sandboxed.core.image;

import dev.sandboxed.FileChange;
import dev.sandboxed.FileStat.FileType;
import dev.sandboxed.core.erofs.ErofsReader;
import dev.sandboxed.core.tree.ArchiveLimits;
import dev.sandboxed.core.tree.ByteStrings;
import dev.sandboxed.core.tree.LayerChanges;
import dev.sandboxed.core.tree.Node;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Lists what a sandbox has changed in its image. Thread-safe. */
final class ChangedFiles {
  private static final int MAX_CHANGES = 10_000;
  private static final int MAX_TEXT = 64 << 10;

  /** All texts together, so that a list fits into any memory. */
  private static final int MAX_TEXTS = 4 << 20;

  private final LayerFiles layers;

  ChangedFiles(LayerFiles layers) {
    this.layers = layers;
  }

  /**
   * Lists the changes; nothing is left of the layer.
   *
   * @param parent what the sandbox started from
   * @param changes writes the layer over that
   */
  List<FileChange> list(PreparedImage parent, LayerWriter changes) throws IOException {
    try (var draft = layers.draft()) {
      changes.write(draft.file());
      try (var layer = FileChannel.open(draft.file(), StandardOpenOption.READ);
          var image = ErofsReader.open(parent.erofs())) {
        var texts = new Texts();
        var list = new ArrayList<FileChange>();
        for (var change :
            LayerChanges.of(image.tree(), layer, ArchiveLimits.generous(), MAX_CHANGES)) {
          list.add(describe(change, texts));
        }
        return List.copyOf(list);
      }
    }
  }

  private static FileChange describe(LayerChanges.Change change, Texts texts) throws IOException {
    var before = change.before();
    var after = change.after();
    var shown = after == null ? before : after;
    if (shown == null) {
      throw new IllegalStateException("a change of nothing to nothing");
    }
    return new FileChange(
        "/" + new String(ByteStrings.bytes(change.path()), StandardCharsets.UTF_8),
        after == null
            ? FileChange.Kind.REMOVED
            : before == null ? FileChange.Kind.ADDED : FileChange.Kind.CHANGED,
        type(shown),
        shown instanceof Node.Regular file ? file.content().size() : 0,
        shown.metadata().mode(),
        texts.of(before),
        texts.of(after));
  }

  private static FileType type(Node node) {
    if (node instanceof Node.Special special) {
      return switch (special.kind()) {
        case CHARACTER_DEVICE -> FileType.CHARACTER_DEVICE;
        case BLOCK_DEVICE -> FileType.BLOCK_DEVICE;
        case FIFO -> FileType.FIFO;
        case SOCKET -> FileType.SOCKET;
      };
    }
    return node instanceof Node.Directory
        ? FileType.DIRECTORY
        : node instanceof Node.Symlink ? FileType.SYMLINK : FileType.FILE;
  }

  /** Reads texts, while there is room for them. */
  private static final class Texts {
    private int room = MAX_TEXTS;

    Optional<String> of(@Nullable Node node) throws IOException {
      if (!(node instanceof Node.Regular file)
          || file.content().size() > Math.min(room, MAX_TEXT)) {
        return Optional.empty();
      }
      var bytes = new ByteArrayOutputStream();
      file.content().copyTo(Channels.newChannel(bytes));
      room -= bytes.size();
      return decode(bytes.toByteArray());
    }

    private static Optional<String> decode(byte[] bytes) {
      for (var b : bytes) {
        if (b == 0) {
          return Optional.empty();
        }
      }
      try {
        return Optional.of(
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
      } catch (CharacterCodingException e) {
        return Optional.empty();
      }
    }
  }
}
