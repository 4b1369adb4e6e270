package dev.sandboxed;

import java.nio.file.Path;
import java.util.List;

/**
 * The images that a backend keeps for the user, for all processes: made, listed, removed, sent to
 * registries, and carried from one machine to another. Thread-safe.
 *
 * <pre>{@code
 * try (var backend = Backends.open()) {
 *   var images = backend.images();
 *   images.importLayout(Path.of("target/images"));   // what an earlier build has exported
 *   images.prepare(image);
 *   images.exportLayout(image, Path.of("target/images"));
 *   images.push(image, "localhost:5000/team/app:1.0");
 * }
 * }</pre>
 */
public interface Images {

  /**
   * Makes an image if it is not there yet, with all of its steps, so that sandboxes of it start at
   * once.
   *
   * @param image the image
   * @throws ImageException if it cannot be made
   */
  void prepare(Image image);

  /**
   * Makes an image if it is not there yet, and tells what its steps do in the meantime, in place of
   * what {@code sandboxed.build.log} says.
   *
   * @param image the image
   * @param log is told of the steps that are not kept from before
   * @throws ImageException if it cannot be made
   */
  void prepare(Image image, BuildLog log);

  /**
   * Sends an image to a registry, after it was made if need be. What the registry has already is
   * not sent again; the credentials are those of {@code docker login}.
   *
   * @param image the image; not {@link Image#host()} or one built on it, whose tools stay on this
   *     machine
   * @param reference where to, with a tag: {@code localhost:5000/team/app:1.0}
   * @return the exact image in the registry: the reference with the digest, which the registry has
   *     confirmed
   * @throws InvalidSpecException if the reference is malformed, or has a digest
   * @throws ImageException if the image cannot be made or taken apart, or the registry does not
   *     take it
   */
  ImageReference push(Image image, String reference);

  /**
   * Writes an image into an OCI image layout under the name {@code latest}; see {@link
   * #exportLayout(Image, Path, String)}.
   *
   * @param image the image; not {@link Image#host()} or one built on it
   * @param layout the directory of the layout: a new or empty one, or a layout to add to
   */
  void exportLayout(Image image, Path layout);

  /**
   * Writes an image into an OCI image layout, after it was made if need be. Other tools read it, as
   * does {@link Image#layout(Path)}; {@link #importLayout} also takes its steps from it. A layer
   * for the base, one for each step that changes files. The same image gives the same digests.
   *
   * @param image the image; not {@link Image#host()} or one built on it, whose tools stay on this
   *     machine
   * @param layout the directory of the layout: a new or empty one, or a layout to add to
   * @param name the image's name in the layout; an image of that name there is replaced
   * @throws ImageException if the image cannot be made or taken apart, or the layout not be written
   */
  void exportLayout(Image image, Path layout, String name);

  /**
   * Takes what {@link #exportLayout(Image, Path)} wrote into the store, so that the same images
   * need neither their bases' layers fetched nor their steps taken again. Everything is checked
   * against its digest; but that a step came to what the layout has is not known otherwise, so
   * whoever could write the layout is trusted. Images of other tools have no steps: use {@link
   * Image#layout(Path)} for them, which trusts nobody.
   *
   * @param layout the directory of the layout
   * @return what was taken
   * @throws ImageException if the layout is damaged, malformed or for other machines only
   */
  Imported importLayout(Path layout);

  /**
   * Writes what the steps of images have made, and snapshots of file systems, into a directory, so
   * that another machine need not make them again. Unlike {@link #exportLayout(Image, Path)} this
   * needs no image named, and what was made on the tools of {@link Image#host()} is among it: it is
   * of use on machines with the same tools. The base of a snapshot comes with it; those of other
   * images do not.
   *
   * <pre>{@code
   * var cache = Path.of("target/cache");
   * if (Files.exists(cache)) {
   *   images.importCache(cache);       // at the beginning of a build
   * }
   * // … and at its end:
   * images.exportCache(cache, ByteSize.parse("2g"));
   * }</pre>
   *
   * <p>What is there of an earlier export and still wanted is not written again; the rest of it is
   * removed. An export that is killed leaves the one before whole.
   *
   * @param directory a new or an empty one, or one of an earlier export
   * @param room how many bytes of archives there may be; what was used last comes first
   * @return what is in it now, and what found no room
   * @throws ImageException if the directory has other files, or cannot be written
   */
  Carried exportCache(Path directory, ByteSize room);

  /**
   * Takes what {@link #exportCache} wrote into the store. The directory may be damaged or hostile:
   * no link in it is followed, every archive is checked against its digest, a snapshot that shows
   * other directories of the host than this machine's own {@link Image#host()} is left out. But
   * that a step came to what the directory says is not known otherwise, so whoever could write it
   * is trusted.
   *
   * @param directory the directory
   * @return what was taken, without what the store had already, and what was left out, with reasons
   * @throws ImageException if there is no export in it, its index is damaged, or the store cannot
   *     be written
   */
  Carried importCache(Path directory);

  /**
   * Lists what is kept.
   *
   * @return files of images, layers and snapshots, the longest unused first
   * @throws ImageException if the store cannot be read
   */
  List<KeptImage> list();

  /**
   * Removes a snapshot. Sandboxes that run on it go on; what only it needed goes with the next
   * pruning.
   *
   * @param snapshot the snapshot
   * @return whether there was one
   * @throws ImageException if it cannot be removed
   */
  boolean remove(Image.SnapshotImage snapshot);

  /**
   * Removes snapshots whose time to live is over, and what the limits of the store do not let stay,
   * memory snapshots among it: {@code sandboxed.images.max-age} and {@code
   * sandboxed.images.max-size}. What snapshots need, what was used within ten minutes and images of
   * running sandboxes stay. The same happens by itself when an image is made.
   *
   * @return what was removed
   * @throws ImageException if the store cannot be read or written
   */
  PrunedImages prune();

  /**
   * What an import took.
   *
   * @param images the images of the layout, each for {@link SandboxBuilder#image}
   * @param bases how many bases' files the store has now of it
   * @param steps how many steps need not be taken again
   */
  record Imported(List<Image> images, int bases, int steps) {
    /** Copies the list. */
    public Imported {
      images = List.copyOf(images);
    }
  }

  /**
   * What was carried.
   *
   * @param steps how many steps with what they have made
   * @param snapshots how many snapshots of file systems
   * @param size how much that is
   * @param leftOut the first of what was not, each with the reason
   */
  record Carried(int steps, int snapshots, ByteSize size, List<String> leftOut) {
    /** Copies the list. */
    public Carried {
      leftOut = List.copyOf(leftOut);
    }
  }
}
