package dev.sandboxed.core.image;

import dev.sandboxed.Image;
import dev.sandboxed.Images.Imported;
import dev.sandboxed.core.erofs.ErofsReader;
import dev.sandboxed.core.registry.Layers;
import dev.sandboxed.core.registry.LayoutDirectory;
import dev.sandboxed.core.registry.Limits;
import dev.sandboxed.core.registry.PackedImage;
import dev.sandboxed.core.registry.RegistryClient.RemoteImage;
import dev.sandboxed.core.tree.ArchiveLimits;
import dev.sandboxed.core.tree.LayeredTree;
import dev.sandboxed.core.tree.TarWriter;
import dev.sandboxed.core.tree.TreeException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Images in the form that registries and layouts have: packed from what the store keeps, with notes
 * of what their layers are, and taken into another store by these notes. Thread-safe.
 */
final class CarriedImages {
  /** Notes what names the file of a base; on the layer that has all of it. */
  private static final String BASE = "dev.sandboxed.base";

  /** Notes the key of the step that made a layer. */
  private static final String STEP = "dev.sandboxed.step";

  private final RootFiles roots;
  private final ErofsFiles files;
  private final LayerFiles layers;
  private final Records records;
  private final Path scratch;

  /**
   * Makes the part of a store that packs and unpacks.
   *
   * @param scratch the directory for what is under way
   */
  CarriedImages(
      RootFiles roots, ErofsFiles files, LayerFiles layers, Records records, Path scratch) {
    this.roots = roots;
    this.files = files;
    this.layers = layers;
    this.records = records;
    this.scratch = scratch;
  }

  /**
   * Packs an image: a layer for its base, and its layers.
   *
   * @throws RootFiles.MissingLayerException if a layer is not there
   */
  PackedImage pack(ResolvedImage image) throws IOException {
    if (!image.mounts().isEmpty()) {
      throw new TreeException(
          "it is built on this machine's own tools, which are not carried elsewhere. Begin with an"
              + " image of a registry, a directory or a tar file.");
    }
    var packed = new ArrayList<PackedImage.Layer>();
    var root = image.root();
    while (root instanceof RootTree.Layered layered) {
      packed.add(0, packed(layered));
      root = layered.below();
    }
    var base = root;
    packed.add(
        0, new PackedImage.Layer(out -> writeBase(base, out), "base", Map.of(BASE, base.digest())));
    return PackedImage.pack(
        image.config(), RegistryImages.architecture(), packed, Map.of(), scratch);
  }

  private void writeBase(RootTree base, OutputStream out) throws IOException {
    try (var reader = ErofsReader.open(roots.file(base))) {
      TarWriter.write(reader.tree(), out);
    }
  }

  private PackedImage.Layer packed(RootTree.Layered layered) {
    return new PackedImage.Layer(
        out -> {
          try (var layer =
              layers
                  .open(layered.layer())
                  .orElseThrow(
                      () -> new RootFiles.MissingLayerException(layered.layer(), layered.key()))) {
            layer.position(0);
            Channels.newInputStream(layer).transferTo(out);
          }
        },
        "step",
        layered.key().map(key -> Map.of(STEP, key)).orElse(Map.of()));
  }

  /** Takes the bases and steps of a layout. */
  Imported take(Path layout) throws IOException {
    var images = new ArrayList<Image>();
    var bases = 0;
    var steps = 0;
    for (var entry : new LayoutDirectory(layout, Limits.generous()).all()) {
      var image = entry.resolve(RegistryImages.architecture());
      var notes = entry.annotations(image);
      if (notes.stream().anyMatch(note -> note.containsKey(BASE) || note.containsKey(STEP))) {
        try (var unpacked = entry.layers(image, scratch)) {
          bases += takeBase(notes, unpacked);
          steps += takeSteps(notes, image, unpacked);
        }
      }
      images.add(entry.name().map(n -> Image.layout(layout, n)).orElse(Image.layout(layout)));
    }
    return new Imported(images, bases, steps);
  }

  private int takeBase(List<Map<String, String>> notes, Layers unpacked) throws IOException {
    var digest = notes.get(0).getOrDefault(BASE, "");
    if (!KeyDigest.isDigest(digest)) {
      return 0;
    }
    var archive = List.of(unpacked.archives().get(0));
    files.make(digest, () -> OpenTree.of(LayeredTree.of(archive, ArchiveLimits.generous())));
    return 1;
  }

  private int takeSteps(List<Map<String, String>> notes, RemoteImage image, Layers unpacked)
      throws IOException {
    // What cannot be laid over what is below it must not be kept.
    unpacked.tree();
    var steps = 0;
    for (int i = 0; i < notes.size(); i++) {
      var key = notes.get(i).getOrDefault(STEP, "");
      if (KeyDigest.isDigest(key)) {
        var layer = kept(unpacked.archives().get(i));
        if (!image.layers().get(i).unpacked().text().equals("sha256:" + layer)) {
          throw new TreeException("the layer " + layer + " has another digest in the layout.");
        }
        records.write(key, new StepRecord(key, layer).toBytes());
        steps++;
      }
    }
    return steps;
  }

  private String kept(FileChannel archive) throws IOException {
    try (var draft = layers.draft()) {
      archive.position(0);
      Files.copy(Channels.newInputStream(archive), draft.file());
      return draft.keep();
    }
  }
}
