package dev.sandboxed.core.image;

import dev.sandboxed.BuildLog;
import dev.sandboxed.ByteSize;
import dev.sandboxed.Image;
import dev.sandboxed.ImageReference;
import dev.sandboxed.Images;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.KeptImage;
import dev.sandboxed.PrunedImages;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The images of a store, whose steps run in sandboxes of a backend. Thread-safe. */
public final class StoredImages implements Images {
  private final ImageStore store;
  private final Function<Optional<BuildLog>, StepRunner> runners;

  /**
   * Takes a store.
   *
   * @param runners gives what runs the steps of one image, and tells a log of them, if there is one
   */
  public StoredImages(ImageStore store, Function<Optional<BuildLog>, StepRunner> runners) {
    this.store = store;
    this.runners = runners;
  }

  @Override
  public void prepare(Image image) {
    store.prepare(image, runners.apply(Optional.empty()));
  }

  @Override
  public void prepare(Image image, BuildLog log) {
    store.prepare(image, runners.apply(Optional.of(log)));
  }

  @Override
  public ImageReference push(Image image, String reference) {
    var target = ImageReference.parse(reference);
    if (target.digest().isPresent()) {
      throw new InvalidSpecException(
          "The reference %s has a digest, which only the pushed image gives; name a tag"
              .formatted(reference));
    }
    return store.push(image, runners.apply(Optional.empty()), target);
  }

  @Override
  public void exportLayout(Image image, Path layout) {
    exportLayout(image, layout, "latest");
  }

  @Override
  public void exportLayout(Image image, Path layout, String name) {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,254}")) {
      throw new InvalidSpecException(
          "\"%s\" is no name for an image in a layout; write it like a tag, such as 1.0"
              .formatted(name));
    }
    store.export(image, runners.apply(Optional.empty()), layout.toAbsolutePath().normalize(), name);
  }

  @Override
  public Imported importLayout(Path layout) {
    return store.importLayout(layout.toAbsolutePath().normalize());
  }

  @Override
  public Carried exportCache(Path directory, ByteSize room) {
    return store.exportCache(directory.toAbsolutePath().normalize(), room);
  }

  @Override
  public Carried importCache(Path directory) {
    return store.importCache(directory.toAbsolutePath().normalize());
  }

  @Override
  public List<KeptImage> list() {
    return store.list();
  }

  @Override
  public boolean remove(Image.SnapshotImage snapshot) {
    return store.removeSnapshot(snapshot.id());
  }

  @Override
  public PrunedImages prune() {
    return store.prune();
  }
}
