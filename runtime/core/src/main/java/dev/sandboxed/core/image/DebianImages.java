package dev.sandboxed.core.image;

import dev.sandboxed.Image;
import dev.sandboxed.ImageException;
import dev.sandboxed.ImageStep;
import dev.sandboxed.core.binaries.Platform;
import dev.sandboxed.core.buildtools.DebianSources;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import dev.sandboxed.core.tree.ArchiveLimits;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.Node;
import dev.sandboxed.core.tree.TarTree;
import dev.sandboxed.core.tree.TarWriter;
import dev.sandboxed.core.tree.TreeException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Base systems of Debian. The host's own tool builds one as root in a sandbox on the host's tools,
 * so that nothing on the host needs to be root; what it built becomes a layer. Suites move: after a
 * while one is built anew. Thread-safe.
 */
final class DebianImages {
  /** Changes when the same packages would give another image. */
  private static final String FORMAT = "debian-1";

  /** Where the tool puts the system, inside. */
  private static final String TARGET = "debian";

  /** What the tool leaves of the sandbox it ran in, and what differs each time. */
  private static final String TIDY =
      "cd \"$1\" && rm -rf etc/hostname etc/resolv.conf etc/machine-id var/lib/dbus/machine-id"
          + " var/log/*.log var/log/apt var/cache/debconf/*-old var/lib/dpkg/*-old"
          + " var/cache/ldconfig/aux-cache etc/passwd- etc/group- etc/shadow- etc/gshadow-"
          // Debian's installer writes it, no package does, and servers look for localhost.
          + " && printf '127.0.0.1 localhost\\n::1 localhost ip6-localhost ip6-loopback\\n'"
          + " > etc/hosts";

  private final DebianSettings settings;
  private final LocalImages local;
  private final Records records;
  private final LayerFiles layers;
  private final DigestLocks locks;
  private final Path scratch;

  /**
   * Makes the part of a store that has base systems of Debian.
   *
   * @param scratch the directory for what is under way
   */
  DebianImages(
      DebianSettings settings,
      LocalImages local,
      Records records,
      LayerFiles layers,
      DigestLocks locks,
      Path scratch) {
    this.settings = settings;
    this.local = local;
    this.records = records;
    this.layers = layers;
    this.locks = locks;
    this.scratch = scratch;
  }

  /** Makes the image of the host's own tools ready to start from. */
  @FunctionalInterface
  interface Host {
    PreparedImage prepare() throws IOException;
  }

  /** What was built, and when. */
  private record Built(String layer, Instant at) {}

  ResolvedImage resolve(Image.DebianImage image, Host host, StepRunner runner) throws IOException {
    var sources = settings.sources(image.suite());
    var step = step(image, sources);
    var key = new KeyDigest(FORMAT).text(Platform.current().name()).texts(step.command()).hex();
    var known = read(key);
    if (known.isPresent() && isFresh(known.get())) {
      return resolved(known.get(), key);
    }
    try (DigestLocks.Held lock = locks.acquire(key)) {
      known = lock.file().isValid() ? read(key) : Optional.empty();
      if (known.isEmpty() || !isFresh(known.get())) {
        known = Optional.of(renewed(image, step, key, known, host, runner));
      }
    }
    return resolved(known.get(), key);
  }

  /** What is there already serves on where there is nothing newer to be had. */
  private Built renewed(
      Image.DebianImage image,
      ImageStep.InSandbox step,
      String key,
      Optional<Built> before,
      Host host,
      StepRunner runner)
      throws IOException {
    try {
      var built = build(step, host, runner);
      records.write(
          key,
          JsonObject.of(Map.of("layer", built.layer(), "atMillis", built.at().toEpochMilli()))
              .toBytes());
      return built;
    } catch (IOException | ImageException e) {
      if (before.isEmpty()) {
        throw e;
      }
      System.getLogger(DebianImages.class.getName())
          .log(
              System.Logger.Level.WARNING,
              "{0} is what it was at {1}, since it cannot be built anew: {2}",
              image,
              before.get().at(),
              e.getMessage());
      return before.get();
    }
  }

  private Built build(ImageStep.InSandbox step, Host host, StepRunner runner) throws IOException {
    settings.checkTools();
    var now = Instant.now();
    try (LayerFiles.Draft changes = layers.draft();
        LayerFiles.Draft layer = layers.draft()) {
      runner.run(Image.host(), host.prepare(), step, changes.file());
      try (TarTree all = TarTree.open(changes.file(), scratch, ArchiveLimits.generous());
          var out = new BufferedOutputStream(Files.newOutputStream(layer.file()), 1 << 16)) {
        TarWriter.write(system(all.tree()), out);
      }
      return new Built(layer.keep(), now);
    } catch (IOException e) {
      throw StoreErrors.withSpace(e, scratch);
    }
  }

  private static FileTree system(FileTree changes) throws TreeException {
    if (changes.find(TARGET).orElse(null) instanceof Node.Directory root) {
      return new FileTree(root);
    }
    throw new TreeException("mmdebstrap left no system in /" + TARGET + " of its sandbox.");
  }

  private static ImageStep.Run step(Image.DebianImage image, DebianSources sources) {
    var command = new ArrayList<>(List.of("mmdebstrap", "--mode=root", "--variant=apt"));
    if (sources.usesTls()) {
      command.add("--include=ca-certificates");
    }
    sources.options().forEach(option -> command.add("--aptopt=" + option));
    command.add("--customize-hook=" + TIDY);
    command.add(image.suite());
    command.add("/" + TARGET);
    command.addAll(sources.lines());
    return ImageStep.run(command).network(sources.policy());
  }

  private ResolvedImage resolved(Built built, String key) throws IOException {
    ResolvedImage nothing = local.empty();
    return ResolvedImage.of(
        RootTree.Layered.of(nothing.root(), built.layer(), Optional.of(key)),
        nothing.mounts(),
        nothing.config());
  }

  private Optional<Built> read(String key) throws IOException {
    var built = records.read(key).flatMap(DebianImages::parse);
    if (built.isPresent()) {
      layers.noteUse(built.get().layer());
    }
    return built;
  }

  private static Optional<Built> parse(byte[] bytes) {
    try {
      var message = JsonObject.parse(ByteBuffer.wrap(bytes));
      return message
          .string("layer")
          .filter(KeyDigest::isDigest)
          .map(
              layer ->
                  new Built(layer, Instant.ofEpochMilli(message.number("atMillis").orElse(0))));
    } catch (ProtocolException e) {
      return Optional.empty();
    }
  }

  private boolean isFresh(Built built) {
    var age = Duration.between(built.at(), Instant.now());
    return !age.isNegative() && age.compareTo(settings.refresh()) < 0;
  }
}
