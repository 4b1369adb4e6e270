package dev.sandboxed.core.image;

import dev.sandboxed.Image;
import dev.sandboxed.Image.DirectoryImage;
import dev.sandboxed.Image.HostImage;
import dev.sandboxed.Image.RegistryImage;
import dev.sandboxed.Image.TarImage;
import dev.sandboxed.ImageException;
import dev.sandboxed.ImageReference;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.erofs.ErofsSuperblock;
import dev.sandboxed.core.erofs.ErofsWriter;
import dev.sandboxed.core.registry.ImageConfig;
import dev.sandboxed.core.registry.Layers;
import dev.sandboxed.core.registry.RegistrySettings;
import dev.sandboxed.core.tree.ArchiveLimits;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.HostDirectory;
import dev.sandboxed.core.tree.Metadata;
import dev.sandboxed.core.tree.Node;
import dev.sandboxed.core.tree.TarTree;
import dev.sandboxed.core.tree.TreeBuilder;
import dev.sandboxed.core.tree.TreeDigest;
import dev.sandboxed.core.tree.TreeException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Keeps images as EROFS files, each named by the digest of what made it, so that what has not
 * changed is not made again. Any number of threads and processes may use one directory at once.
 *
 * <p>A file gets its name only when all of it is on the disk. It is checked on every use, and made
 * again if it is damaged. What a killed process leaves is removed by the next one that opens the
 * store.
 */
public final class ImageStore implements AutoCloseable {
  /** Changes when the same source would give another image. */
  private static final String FORMAT = "erofs-1";

  private static final String SUFFIX = ".erofs";
  private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  /** Two changes within this time may get the same time stamp from the kernel. */
  private static final Duration CLOCK_TICK = Duration.ofMillis(20);

  private static final Duration FUTURE = Duration.ofMinutes(1);
  private static final int MAX_WAITS = 50;

  /** An image used this recently may be about to be mounted. */
  private static final Duration IN_USE = Duration.ofMinutes(10);

  /** What stays when a new image comes in. */
  private static final long KEPT_BYTES = 20L << 30;

  private static final Duration KEPT_AGE = Duration.ofDays(30);

  private final Path images;
  private final Path keys;

  /** Shown in place of a home that lies in a directory of tools. */
  private final Path empty;

  /** Shown in place of settings that hold credentials. */
  private final Path masks;

  private final DigestLocks locks;
  private final HostTools.Environment environment;
  private volatile @Nullable PreparedImage host;

  private final RegistryImages registries;

  private ImageStore(Path root, HostTools.Environment environment, RegistrySettings settings)
      throws IOException {
    this.environment = environment;
    images = makePrivate(root.resolve("images"));
    keys = makePrivate(root.resolve("keys"));
    empty = makePrivate(root.resolve("empty"));
    masks = makePrivate(root.resolve("masks"));
    locks = new DigestLocks(makePrivate(root.resolve("locks")));
    registries = new RegistryImages(settings, keys, images);
    TemporaryImage.sweep(images);
    TemporaryImage.sweep(keys);
    TemporaryImage.sweep(masks);
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
    return open(root, HostTools.Environment.ofProcess(), settings);
  }

  /** Opens a store that takes the host for what it is told; for tests. */
  static ImageStore open(Path root, HostTools.Environment environment) {
    return open(root, environment, RegistrySettings.from(Settings.ofProcess()));
  }

  private static ImageStore open(
      Path root, HostTools.Environment environment, RegistrySettings settings) {
    Path absolute = root.toAbsolutePath().normalize();
    try {
      return new ImageStore(absolute, environment, settings);
    } catch (IOException e) {
      throw new ImageException(
          "Cannot use "
              + absolute
              + " to keep images: "
              + reason(e)
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
   * Makes an image if it is not there yet.
   *
   * @throws ImageException if the source is missing, unreadable, damaged, hostile or changing, its
   *     registry gives it not, or there is no space; the message says what to do
   */
  public PreparedImage prepare(Image image) {
    try {
      if (image instanceof DirectoryImage directory) {
        return plain(directory(directory.path()));
      }
      if (image instanceof TarImage tar) {
        return plain(tar(tar.path()));
      }
      if (image instanceof HostImage) {
        return host();
      }
      if (image instanceof RegistryImage registry) {
        return registry(registry.reference());
      }
      throw new ImageException("This backend cannot make the image " + image + ".");
    } catch (TreeException e) {
      throw new ImageException("Cannot make the image " + name(image) + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new ImageException("Cannot make the image " + name(image) + ": " + reason(e) + ".", e);
    }
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
      return store(tree).file();
    } catch (NoSuchFileException e) {
      throw new ImageException("The agent " + agent + " does not exist.", e);
    } catch (IOException e) {
      throw new ImageException(
          "Cannot make the image of the agent " + agent + ": " + reason(e) + ".", e);
    }
  }

  /**
   * Removes images that have not been used for a time, then the longest unused until the rest is
   * small enough. Images used in the last ten minutes stay; a running sandbox keeps what it has
   * open.
   *
   * @param maxBytes what may stay
   * @param maxAge how long an image may be unused
   */
  public PruneReport prune(long maxBytes, Duration maxAge) {
    try {
      List<Kept> kept = list();
      Instant now = Instant.now();
      long total = kept.stream().mapToLong(Kept::size).sum();
      int count = 0;
      long bytes = 0;
      for (Kept image : kept) {
        Duration unused = Duration.between(image.used(), now);
        boolean surplus = total - bytes > maxBytes && unused.compareTo(IN_USE) > 0;
        if (surplus || unused.compareTo(maxAge) > 0) {
          try (DigestLocks.Held lock = locks.acquire(image.digest())) {
            if (lock.file().isValid() && Files.deleteIfExists(image.file())) {
              count++;
              bytes += image.size();
            }
          }
        }
      }
      forgetOldKeys(now.minus(maxAge));
      return new PruneReport(count, bytes);
    } catch (IOException e) {
      throw new ImageException(
          "Cannot remove old images from " + images + ": " + reason(e) + ".", e);
    }
  }

  /** Forgets what is known of the host; images stay for the next store. */
  @Override
  public void close() {
    host = null;
  }

  private record Stored(String digest, Path file) {}

  private record Kept(Path file, String digest, long size, Instant used) {}

  private void forgetOldKeys(Instant before) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(keys)) {
      for (Path file : files) {
        try {
          if (Files.getLastModifiedTime(file).toInstant().isBefore(before)) {
            Files.deleteIfExists(file);
          }
        } catch (NoSuchFileException e) {
          // Another process prunes too.
        }
      }
    }
  }

  /** Lists images, the longest unused first. */
  private List<Kept> list() throws IOException {
    var kept = new ArrayList<Kept>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(images, "*" + SUFFIX)) {
      for (Path file : files) {
        try {
          BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
          kept.add(
              new Kept(
                  file,
                  fileDigest(file),
                  attributes.size(),
                  attributes.lastModifiedTime().toInstant()));
        } catch (NoSuchFileException e) {
          // Another process prunes too.
        }
      }
    }
    kept.sort(Comparator.comparing(Kept::used));
    return kept;
  }

  private PreparedImage registry(ImageReference reference) throws IOException {
    PulledImage pulled =
        registries.pulled(
            reference, digest -> isIntact(images.resolve(digest + SUFFIX), digest), this::make);
    ImageConfig config = pulled.config();
    var variables = new TreeMap<String, String>(config.environment());
    variables.putIfAbsent("PATH", PATH);
    return new PreparedImage(
        pulled.erofs(),
        images.resolve(pulled.erofs() + SUFFIX),
        List.of(),
        variables,
        config.workingDirectory(),
        config.user(),
        config.entrypoint());
  }

  /** Makes the file of a digest from a tree that is had only if it is needed. */
  private void make(String digest, RegistryImages.Source source) throws IOException {
    Path file = images.resolve(digest + SUFFIX);
    try (DigestLocks.Held lock = locks.acquire(digest)) {
      if (!lock.file().isValid() || !isIntact(file, digest)) {
        try (Layers layers = source.open()) {
          write(layers.tree(), digest, file, () -> {});
        } catch (IOException e) {
          throw withSpace(e);
        }
      }
    }
    makeRoom();
  }

  private static PreparedImage plain(Stored stored) {
    return new PreparedImage(
        stored.digest(),
        stored.file(),
        List.of(),
        Map.of("PATH", PATH),
        "/",
        Optional.empty(),
        List.of());
  }

  private Stored directory(Path directory) throws IOException {
    HostDirectory.Listing listing = HostDirectory.reader().read(directory);
    // A change in the same tick of the clock as the newest one would not show in any time stamp.
    for (int i = 0; i < MAX_WAITS && untilSettled(listing).toNanos() > 0; i++) {
      LockSupport.parkNanos(untilSettled(listing).toNanos());
      listing = HostDirectory.reader().read(directory);
    }
    return store(listing.tree());
  }

  private static Duration untilSettled(HostDirectory.Listing listing) {
    Duration wait = CLOCK_TICK.minus(Duration.between(listing.newestChange(), listing.time()));
    // A time far in the future is another clock's, or wrong: no use waiting for it.
    return wait.compareTo(FUTURE) > 0 ? Duration.ZERO : wait;
  }

  private Stored tar(Path tar) throws IOException {
    if (!Files.exists(tar)) {
      throw new TreeException("the tar file " + tar + " does not exist.");
    }
    Path real = tar.toRealPath();
    String key = key(real);
    String digest = contentDigest(real, key);
    Path file = images.resolve(digest + SUFFIX);
    if (isIntact(file, digest)) {
      return new Stored(digest, file);
    }
    try (DigestLocks.Held lock = locks.acquire(digest)) {
      if (!lock.file().isValid() || !isIntact(file, digest)) {
        try (TarTree tree = TarTree.open(real, images, ArchiveLimits.generous())) {
          write(tree.tree(), digest, file, () -> refuseChanged(real, key));
        }
      }
    }
    makeRoom();
    return new Stored(digest, file);
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
    HostDirectory.Listing listing = HostDirectory.reader().readAny(file);
    for (int i = 0; i < MAX_WAITS && untilSettled(listing).toNanos() > 0; i++) {
      LockSupport.parkNanos(untilSettled(listing).toNanos());
      listing = HostDirectory.reader().readAny(file);
    }
    return TreeDigest.of(listing.tree(), FORMAT);
  }

  /**
   * Returns a digest of the file's bytes; remembered, so that a large file is not read at every
   * start.
   */
  private String contentDigest(Path tar, String key) throws IOException {
    Path remembered = keys.resolve(key);
    if (Files.isReadable(remembered)) {
      String digest = Files.readString(remembered);
      if (digest.matches("[0-9a-f]{64}")) {
        return digest;
      }
    }
    MessageDigest sha256 = TreeDigest.sha256();
    sha256.update((FORMAT + " tar ").getBytes(StandardCharsets.UTF_8));
    ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
    try (FileChannel channel = FileChannel.open(tar, StandardOpenOption.READ)) {
      while (channel.read(buffer.clear()) >= 0) {
        sha256.update(buffer.flip());
      }
    }
    String digest = HexFormat.of().formatHex(sha256.digest());
    refuseChanged(tar, key);
    try (TemporaryImage temporary = TemporaryImage.create(keys)) {
      temporary.channel().write(ByteBuffer.wrap(digest.getBytes(StandardCharsets.UTF_8)));
      temporary.moveTo(remembered);
    }
    return digest;
  }

  private PreparedImage host() throws IOException {
    PreparedImage known = host;
    if (known != null && isIntact(known.erofs(), fileDigest(known.erofs()))) {
      return known;
    }
    HostTools tools = HostTools.discover(environment);
    Stored root = store(HostSkeleton.build(Path.of("/etc"), tools));
    var mounts = new ArrayList<>(tools.mounts());
    for (String hidden : tools.hidden()) {
      mounts.add(new HostMount(empty, hidden));
    }
    for (String masked : tools.masked()) {
      mounts.add(new HostMount(mask(masked), masked));
    }
    mounts.sort(Comparator.comparing(HostMount::target));
    var variables = new TreeMap<String, String>(tools.variables());
    variables.put("PATH", String.join(":", tools.path()));
    variables.put("HOME", "/root");
    variables.put("LANG", "C.UTF-8");
    MessageDigest sha256 = TreeDigest.sha256();
    sha256.update((root.digest() + mounts + variables).getBytes(StandardCharsets.UTF_8));
    String digest = HexFormat.of().formatHex(sha256.digest());
    PreparedImage prepared =
        new PreparedImage(digest, root.file(), mounts, variables, "/", Optional.empty(), List.of());
    host = prepared;
    return prepared;
  }

  /** Returns a file to show in the place of another: nothing, in a form that its tool can read. */
  private Path mask(String masked) throws IOException {
    boolean xml = masked.endsWith(".xml");
    Path file = masks.resolve(xml ? "empty.xml" : "empty");
    if (!Files.isReadable(file)) {
      try (TemporaryImage temporary = TemporaryImage.create(masks)) {
        byte[] content = (xml ? "<settings/>\n" : "").getBytes(StandardCharsets.UTF_8);
        temporary.channel().write(ByteBuffer.wrap(content));
        temporary.moveTo(file);
      }
    }
    return file;
  }

  private static String fileDigest(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.substring(0, name.length() - SUFFIX.length());
  }

  private Stored store(FileTree tree) throws IOException {
    String digest = TreeDigest.of(tree, FORMAT);
    Path file = images.resolve(digest + SUFFIX);
    if (isIntact(file, digest)) {
      return new Stored(digest, file);
    }
    try (DigestLocks.Held lock = locks.acquire(digest)) {
      if (!lock.file().isValid() || !isIntact(file, digest)) {
        write(tree, digest, file, () -> {});
      }
    }
    makeRoom();
    return new Stored(digest, file);
  }

  /** Removes what nobody has used for long; without any lock held, since it takes others. */
  private void makeRoom() {
    try {
      prune(KEPT_BYTES, KEPT_AGE);
    } catch (ImageException e) {
      System.getLogger(ImageStore.class.getName())
          .log(System.Logger.Level.WARNING, "old images stay", e);
    }
  }

  /** Says no if the source turns out to have changed. */
  @FunctionalInterface
  private interface LastCheck {
    void check() throws IOException;
  }

  private void write(FileTree tree, String digest, Path file, LastCheck last) throws IOException {
    try (TemporaryImage temporary = TemporaryImage.create(images)) {
      ErofsWriter.write(tree, id(digest), temporary.channel());
      last.check();
      temporary.moveTo(file);
    } catch (IOException e) {
      throw withSpace(e);
    }
  }

  /** Says what to do when the disk is full. */
  private IOException withSpace(IOException e) {
    if (e instanceof TreeException || !String.valueOf(e.getMessage()).contains("No space left")) {
      return e;
    }
    return new TreeException(
        "no space left in "
            + images
            + " ("
            + (images.toFile().getUsableSpace() >> 20)
            + " MiB are free). Free some,"
            + " or name another directory for the cache. Nothing was kept of the image.",
        e);
  }

  /** Returns whether a file is there and is the image of its name; notes that it is used. */
  private static boolean isIntact(Path file, String digest) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (!ErofsSuperblock.read(channel).id().equals(id(digest))) {
        return false;
      }
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns the file system's UUID: the first half of the digest. */
  private static UUID id(String digest) {
    return new UUID(
        new BigInteger(digest.substring(0, 16), 16).longValue(),
        new BigInteger(digest.substring(16, 32), 16).longValue());
  }

  private static String reason(IOException e) {
    if (e instanceof FileSystemException file) {
      String why = file.getReason() == null ? e.getClass().getSimpleName() : file.getReason();
      return file.getFile() + ": " + why;
    }
    return String.valueOf(e.getMessage());
  }
}
