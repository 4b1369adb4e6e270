package dev.sandboxed.core.image;

import dev.sandboxed.ByteSize;
import dev.sandboxed.FileChange;
import dev.sandboxed.Image;
import dev.sandboxed.Image.BuiltImage;
import dev.sandboxed.Image.DebianImage;
import dev.sandboxed.Image.DirectoryImage;
import dev.sandboxed.Image.DockerfileImage;
import dev.sandboxed.Image.EmptyImage;
import dev.sandboxed.Image.HostImage;
import dev.sandboxed.Image.LayoutImage;
import dev.sandboxed.Image.RegistryImage;
import dev.sandboxed.Image.SnapshotImage;
import dev.sandboxed.Image.TarImage;
import dev.sandboxed.ImageException;
import dev.sandboxed.ImageReference;
import dev.sandboxed.Images;
import dev.sandboxed.KeptImage;
import dev.sandboxed.PrunedImages;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.dockerfile.DockerfileImages;
import dev.sandboxed.core.image.RootFiles.MissingLayerException;
import dev.sandboxed.core.registry.Digest;
import dev.sandboxed.core.registry.LayoutDirectory;
import dev.sandboxed.core.registry.Limits;
import dev.sandboxed.core.registry.PackedImage;
import dev.sandboxed.core.registry.RegistryException;
import dev.sandboxed.core.registry.RegistrySettings;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.HostDirectory;
import dev.sandboxed.core.tree.Metadata;
import dev.sandboxed.core.tree.Node;
import dev.sandboxed.core.tree.TreeBuilder;
import dev.sandboxed.core.tree.TreeDigest;
import dev.sandboxed.core.tree.TreeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Keeps images as EROFS files, each named by the digest of what made it, so that what has not
 * changed is not made again. Any number of threads and processes may use one directory at once.
 *
 * <p>A file gets its name only when all of it is written. It is checked on every use, and made
 * again if it is damaged, also by a power failure. What a killed process leaves is removed by the
 * next one that opens the store.
 */
public final class ImageStore implements AutoCloseable {
  private final Path images;
  private final StoreLimits limits;
  private final RootFiles roots;
  private final LocalImages local;
  private final HostImages host;
  private final RegistryImages registries;
  private final LayoutImages layouts;
  private final DebianImages debian;
  private final BuiltImages built;
  private final CarriedImages carried;
  private final CarriedStore carriedStore;
  private final Snapshots snapshots;
  private final ChangedFiles changed;
  private final MemoryStore memory;
  private final Pruning pruning;

  private ImageStore(
      Path root,
      HostTools.Environment environment,
      RegistrySettings settings,
      DebianSettings debianSettings,
      StoreLimits limits)
      throws IOException {
    this.limits = limits;
    images = makePrivate(root.resolve("images"));
    Path layers = makePrivate(root.resolve("layers"));
    Path keys = makePrivate(root.resolve("keys"));
    Path masks = makePrivate(root.resolve("masks"));
    Path taken = makePrivate(root.resolve("snapshots"));
    Path memories = makePrivate(root.resolve("memory"));
    Path unsynced = makePrivate(root.resolve("unsynced"));
    for (Path directory : List.of(images, layers, keys, masks, taken, memories)) {
      TemporaryImage.sweep(directory);
    }
    var locks = new DigestLocks(makePrivate(root.resolve("locks")));
    var records = new Records(keys);
    var files = new ErofsFiles(images, locks, unsynced);
    var layerFiles = new LayerFiles(layers);
    roots = new RootFiles(files, layerFiles, this::makeRoom);
    local = new LocalImages(records, images);
    host = new HostImages(environment, files, makePrivate(root.resolve("empty")), masks);
    registries = new RegistryImages(settings, records, images);
    layouts = new LayoutImages(images);
    debian = new DebianImages(debianSettings, local, records, layerFiles, locks, layers);
    built = new BuiltImages(records, layerFiles, roots, locks, layers);
    carried = new CarriedImages(roots, files, layerFiles, records, images);
    changed = new ChangedFiles(layerFiles);
    snapshots = new Snapshots(taken, files, layerFiles, roots, locks);
    carriedStore =
        new CarriedStore(
            host, files, layerFiles, records, snapshots, locks, limits.maxSize().bytes());
    memory = new MemoryStore(memories, files, locks, this::makeRoom);
    pruning = new Pruning(images, layers, snapshots, memory, records, locks);
  }

  /**
   * Opens the store in a directory, which is made if it is missing.
   *
   * @throws ImageException if the directory cannot be used
   */
  public static ImageStore open(Path root) {
    return open(root, RegistrySettings.from(Settings.ofProcess()));
  }

  /**
   * Opens the store in a directory, which is made if it is missing.
   *
   * @param settings how registries are reached
   * @throws ImageException if the directory cannot be used
   */
  public static ImageStore open(Path root, RegistrySettings settings) {
    return open(root, settings, StoreLimits.DEFAULT);
  }

  /**
   * Opens the store in a directory, which is made if it is missing.
   *
   * @param settings how registries are reached
   * @param limits what is kept when something new comes in
   * @throws ImageException if the directory cannot be used
   */
  public static ImageStore open(Path root, RegistrySettings settings, StoreLimits limits) {
    return open(root, settings, DebianSettings.from(Settings.ofProcess()), limits);
  }

  /**
   * Opens the store in a directory, which is made if it is missing.
   *
   * @param settings how registries are reached
   * @param debian where base systems of Debian come from
   * @param limits what is kept when something new comes in
   * @throws ImageException if the directory cannot be used
   */
  public static ImageStore open(
      Path root, RegistrySettings settings, DebianSettings debian, StoreLimits limits) {
    return open(root, HostTools.Environment.ofProcess(), settings, debian, limits);
  }

  /** Opens a store that takes the host for what it is told; for tests. */
  static ImageStore open(Path root, HostTools.Environment environment) {
    Settings settings = Settings.ofProcess();
    return open(
        root,
        environment,
        RegistrySettings.from(settings),
        DebianSettings.from(settings),
        StoreLimits.DEFAULT);
  }

  private static ImageStore open(
      Path root,
      HostTools.Environment environment,
      RegistrySettings settings,
      DebianSettings debian,
      StoreLimits limits) {
    Path absolute = root.toAbsolutePath().normalize();
    try {
      return new ImageStore(absolute, environment, settings, debian, limits);
    } catch (IOException e) {
      throw new ImageException(
          "Cannot use "
              + absolute
              + " to keep images: "
              + StoreErrors.reason(e)
              + ". Make it writable, or name another directory.",
          e);
    }
  }

  private static Path makePrivate(Path directory) throws IOException {
    return Files.createDirectories(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  /**
   * Makes an image if it is not there yet; one that has steps with programs needs {@link
   * #prepare(Image, StepRunner)}.
   *
   * @throws ImageException if the source is missing, unreadable, damaged, hostile or changing, its
   *     registry gives it not, or there is no space; the message says what to do
   */
  public PreparedImage prepare(Image image) {
    return prepare(
        image,
        (parent, prepared, step, layer) -> {
          throw new ImageException("The step \"" + step + "\" needs a sandbox to run in.");
        });
  }

  /**
   * Makes an image if it is not there yet.
   *
   * @param runner runs the programs of steps that were not taken before
   * @throws ImageException if the source is missing, unreadable, damaged, hostile or changing, its
   *     registry gives it not, a step fails, or there is no space; the message says what to do
   */
  public PreparedImage prepare(Image image, StepRunner runner) {
    try {
      return preparedAgain(image, runner);
    } catch (TreeException e) {
      throw new ImageException("Cannot make the image " + name(image) + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new ImageException(
          "Cannot make the image " + name(image) + ": " + StoreErrors.reason(e) + ".", e);
    }
  }

  /**
   * Sends an image to a registry, after it was made if need be.
   *
   * @return the reference with the digest
   * @throws ImageException if it cannot be made or taken apart, or the registry does not take it
   */
  public ImageReference push(Image image, StepRunner runner, ImageReference reference) {
    try {
      ImageReference target = registries.qualified(reference);
      Digest digest =
          again(
              image,
              runner,
              resolved -> {
                try (PackedImage packed = carried.pack(resolved)) {
                  return registries.push(packed, target);
                }
              });
      return new ImageReference(
          target.registry(), target.repository(), target.tag(), Optional.of(digest.text()));
    } catch (IOException e) {
      throw failed("push the image " + name(image) + " to " + reference, e);
    }
  }

  /**
   * Writes an image into a layout, after it was made if need be.
   *
   * @throws ImageException if it cannot be made or taken apart, or the layout not be written
   */
  public void export(Image image, StepRunner runner, Path layout, String name) {
    try {
      again(
          image,
          runner,
          resolved -> {
            try (PackedImage packed = carried.pack(resolved)) {
              return new LayoutDirectory(layout, Limits.generous()).add(packed, name);
            }
          });
    } catch (IOException e) {
      throw failed("export the image " + name(image) + " to " + layout, e);
    }
  }

  /**
   * Takes the bases and steps of a layout that a store has exported.
   *
   * @throws ImageException if it is damaged or malformed
   */
  public Images.Imported importLayout(Path layout) {
    try {
      Images.Imported imported = carried.take(layout);
      makeRoom();
      return imported;
    } catch (IOException e) {
      throw failed("import " + layout, e);
    }
  }

  /**
   * Writes what steps have made, and snapshots, into a directory, the last used first.
   *
   * @throws ImageException if it cannot be written, or has other files
   */
  public Images.Carried exportCache(Path directory, ByteSize room) {
    try {
      return carriedStore.export(directory, room);
    } catch (IOException e) {
      throw failed("export what is kept to " + directory, e);
    }
  }

  /**
   * Takes what {@link #exportCache} wrote.
   *
   * @throws ImageException if there is none, or its index is damaged
   */
  public Images.Carried importCache(Path directory) {
    try {
      Images.Carried taken = carriedStore.take(directory);
      makeRoom();
      return taken;
    } catch (IOException e) {
      throw failed("import what was kept from " + directory, e);
    }
  }

  private static ImageException failed(String what, IOException e) {
    return e instanceof TreeException || e instanceof RegistryException
        ? new ImageException("Cannot " + what + ": " + e.getMessage(), e)
        : new ImageException("Cannot " + what + ": " + StoreErrors.reason(e) + ".", e);
  }

  private PreparedImage preparedAgain(Image image, StepRunner runner) throws IOException {
    return again(image, runner, resolved -> resolved.prepared(roots.file(resolved.root())));
  }

  /** Makes something of an image that is known. */
  @FunctionalInterface
  private interface Use<T> {
    T of(ResolvedImage image) throws IOException;
  }

  /** Takes steps again whose layers are gone when it turns out that they are needed. */
  private <T> T again(Image image, StepRunner runner, Use<T> use) throws IOException {
    for (int i = 0; ; i++) {
      try {
        return use.of(resolve(image, runner));
      } catch (MissingLayerException e) {
        if (e.key().isEmpty()) {
          throw new TreeException(
              e.getMessage() + ", which a snapshot cannot do without. Take the snapshot again.", e);
        }
        if (i == BuiltImage.MAX_STEPS) {
          throw e;
        }
        built.forget(e.key().get());
      }
    }
  }

  private ResolvedImage resolve(Image image, StepRunner runner) throws IOException {
    if (image instanceof DirectoryImage directory) {
      return local.directory(directory.path());
    }
    if (image instanceof TarImage tar) {
      return local.tar(tar.path());
    }
    if (image instanceof HostImage) {
      return host.resolve();
    }
    if (image instanceof RegistryImage registry) {
      return registries.resolve(registry.reference(), roots::file);
    }
    if (image instanceof SnapshotImage snapshot) {
      return snapshots.resolve(snapshot.id());
    }
    if (image instanceof LayoutImage layout) {
      return layouts.resolve(layout);
    }
    if (image instanceof EmptyImage) {
      return local.empty();
    }
    if (image instanceof DockerfileImage dockerfile) {
      return resolve(
          DockerfileImages.translate(
              dockerfile, RegistryImages.architecture(), base -> resolve(base, runner).config()),
          runner);
    }
    if (image instanceof DebianImage base) {
      return debian.resolve(base, this::hostPrepared, runner);
    }
    if (image instanceof BuiltImage step) {
      return built.resolve(step, below -> resolve(below, runner), runner);
    }
    throw new ImageException("This backend cannot make the image " + image + ".");
  }

  private PreparedImage hostPrepared() throws IOException {
    ResolvedImage tools = host.resolve();
    return tools.prepared(roots.file(tools.root()));
  }

  private static String name(Image image) {
    return image instanceof RegistryImage registry
        ? registry.reference().toString()
        : image.toString();
  }

  /**
   * Makes the image that holds one program, {@code /agent}, executable by all.
   *
   * @param agent the program
   * @return the EROFS file
   */
  public Path agentImage(Path agent) {
    try {
      var builder = new TreeBuilder().directory("/", Metadata.root(0555));
      for (Node node :
          HostDirectory.reader().readAny(agent.toRealPath()).tree().root().children().values()) {
        if (!(node instanceof Node.Regular program)) {
          throw new ImageException("The agent " + agent + " is not a file.");
        }
        builder.file("agent", Metadata.root(0555), program.content());
      }
      FileTree tree = builder.build();
      String digest = TreeDigest.of(tree, RootTree.FORMAT);
      return roots.file(new RootTree.Base(digest, () -> OpenTree.of(tree)));
    } catch (NoSuchFileException e) {
      throw new ImageException("The agent " + agent + " does not exist.", e);
    } catch (IOException e) {
      throw new ImageException(
          "Cannot make the image of the agent " + agent + ": " + StoreErrors.reason(e) + ".", e);
    }
  }

  /**
   * Keeps what a sandbox has changed as an image of its own. The base is what the sandbox's image
   * consists of, which stays as long as the snapshot does.
   *
   * @param parent the image that the sandbox started from
   * @param changes writes the layer of what has changed
   * @param timeToLive how long the snapshot is kept at least; for good if empty
   * @return the snapshot's id, which names all that it is made of
   * @throws ImageException if the layer cannot be written or laid over the image
   */
  public String addSnapshot(
      PreparedImage parent, LayerWriter changes, Optional<Duration> timeToLive) {
    try {
      return snapshots.add(parent, changes, timeToLive);
    } catch (IOException e) {
      throw new ImageException(
          "Cannot keep a snapshot: " + StoreErrors.reason(StoreErrors.withSpace(e, images)), e);
    }
  }

  /**
   * Lists what a sandbox has changed in its image; nothing of it is kept.
   *
   * @param parent the image that the sandbox started from
   * @param changes writes the layer of what has changed
   * @return the first 10,000 changes, in the order of their paths
   * @throws ImageException if the layer cannot be written, or the image cannot be read
   */
  public List<FileChange> changes(PreparedImage parent, LayerWriter changes) {
    try {
      return changed.list(parent, changes);
    } catch (IOException e) {
      throw new ImageException(
          "Cannot compare a sandbox with its image: "
              + StoreErrors.reason(StoreErrors.withSpace(e, images)),
          e);
    }
  }

  /**
   * Removes a snapshot; what only it needed goes when the store is pruned.
   *
   * @return whether there was one
   */
  public boolean removeSnapshot(String id) {
    try {
      return snapshots.remove(id);
    } catch (IOException e) {
      throw new ImageException(
          "Cannot remove the snapshot " + id + ": " + StoreErrors.reason(e) + ".", e);
    }
  }

  /** Returns the snapshots of sandboxes with their memory. */
  public MemoryStore memory() {
    return memory;
  }

  /** Lists what is kept, the longest unused first. */
  public List<KeptImage> list() {
    try {
      return pruning.list();
    } catch (IOException e) {
      throw new ImageException("Cannot list " + images + ": " + StoreErrors.reason(e) + ".", e);
    }
  }

  /** Removes what the store's own limits do not let stay; see {@link #prune(StoreLimits)}. */
  public PrunedImages prune() {
    return prune(limits);
  }

  /**
   * Removes snapshots whose time is over, then files that have not been used for a time, then the
   * longest unused until the rest is small enough. What a snapshot needs stays, and what was used
   * in the last ten minutes or is open in a process, as images of running sandboxes are.
   */
  public PrunedImages prune(StoreLimits kept) {
    try {
      return pruning.prune(kept);
    } catch (IOException e) {
      throw new ImageException(
          "Cannot remove old images from " + images + ": " + StoreErrors.reason(e) + ".", e);
    }
  }

  /** Forgets what is known of the host; images stay for the next store. */
  @Override
  public void close() {
    host.forget();
  }

  /** Removes what nobody has used for long; without any lock held, since it takes others. */
  private void makeRoom() {
    try {
      prune();
    } catch (ImageException e) {
      System.getLogger(ImageStore.class.getName())
          .log(System.Logger.Level.WARNING, "old images stay", e);
    }
  }
}
