package dev.sandboxed.core.image;

import dev.sandboxed.ImageReference;
import dev.sandboxed.core.binaries.Platform;
import dev.sandboxed.core.registry.Layers;
import dev.sandboxed.core.registry.Limits;
import dev.sandboxed.core.registry.RegistryClient;
import dev.sandboxed.core.registry.RegistryException;
import dev.sandboxed.core.registry.RegistrySettings;
import dev.sandboxed.core.tree.TreeDigest;
import dev.sandboxed.core.tree.TreeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Images of registries. What a reference led to is remembered: for good if it has a digest, else
 * until it is so old that the registry is asked again. Where the registry cannot be reached then,
 * what the tag led to before holds on.
 */
final class RegistryImages {
  /** Changes when the same layers would give another image. */
  private static final String FORMAT = "erofs-1 layers-1 ";

  private final RegistrySettings settings;
  private final Path records;
  private final Path scratch;
  private final Limits limits = Limits.generous();

  /**
   * Makes the part of a store that fetches.
   *
   * @param records the directory for what is remembered
   * @param scratch the directory for what is under way
   */
  RegistryImages(RegistrySettings settings, Path records, Path scratch) {
    this.settings = settings;
    this.records = records;
    this.scratch = scratch;
  }

  /** Fetches layers. */
  @FunctionalInterface
  interface Source {
    Layers open() throws IOException;
  }

  /** Makes the file of a digest if it is not there. */
  @FunctionalInterface
  interface Maker {
    void make(String digest, Source source) throws IOException;
  }

  /**
   * Returns what a reference leads to, after its file was made.
   *
   * @param known tells whether the file of a digest is there
   */
  PulledImage pulled(ImageReference given, Predicate<String> known, Maker maker)
      throws IOException {
    var reference = qualified(given);
    var record = record(reference);
    var before = read(record).filter(r -> known.test(r.erofs()));
    if (before.isPresent() && isFresh(before.get(), reference)) {
      noteUse(record);
      return before.get();
    }
    try {
      var pulled = asked(reference, before, maker);
      write(record, pulled);
      return pulled;
    } catch (RegistryException e) {
      if (before.isEmpty() || e.kind() != RegistryException.Kind.UNREACHABLE) {
        throw e;
      }
      System.getLogger(RegistryImages.class.getName())
          .log(
              System.Logger.Level.WARNING,
              "{0} is what it was at {1}, since its registry does not answer: {2}",
              reference,
              before.get().at(),
              e.getMessage());
      return before.get();
    }
  }

  /** What is in use is not forgotten. */
  private static void noteUse(Path record) throws IOException {
    try {
      Files.setLastModifiedTime(record, FileTime.from(Instant.now()));
    } catch (NoSuchFileException e) {
      // Another process prunes; the registry is asked next time.
      return;
    }
  }

  private boolean isFresh(PulledImage pulled, ImageReference reference) {
    var age = Duration.between(pulled.at(), Instant.now());
    return reference.digest().isPresent()
        || (!age.isNegative() && age.compareTo(settings.refresh()) < 0);
  }

  private PulledImage asked(ImageReference reference, Optional<PulledImage> before, Maker maker)
      throws IOException {
    var now = Instant.now();
    var client = new RegistryClient(settings, limits, architecture());
    if (before.isPresent()
        && client.lookUp(reference).equals(Optional.of(before.get().answered()))) {
      return before.get().askedAt(now);
    }
    var image = client.resolve(reference);
    var erofs = digest(FORMAT + image.manifest());
    maker.make(erofs, () -> Layers.fetch(client, reference, image, limits, scratch));
    return new PulledImage(image.answered(), erofs, image.config(), now);
  }

  /** Returns a reference that names its registry; one without leads where the settings say. */
  private ImageReference qualified(ImageReference reference) throws IOException {
    if (reference.registry().isPresent()) {
      return reference;
    }
    var registry =
        settings
            .defaultRegistry()
            .orElseThrow(
                () ->
                    new TreeException(
                        "it names no registry, and no default is set. Write the registry's host"
                            + " before it, such as localhost:5000/"
                            + reference
                            + ", or set -Dsandboxed.registry=<host> or SANDBOXED_REGISTRY."));
    var repository = reference.repository();
    return new ImageReference(
        Optional.of(registry),
        repository.contains("/") ? repository : "library/" + repository,
        reference.tag(),
        reference.digest());
  }

  private static String architecture() {
    return switch (Platform.current()) {
      case LINUX_X86_64 -> "amd64";
      case LINUX_AARCH64 -> "arm64";
    };
  }

  private Path record(ImageReference reference) {
    return records.resolve(digest(FORMAT + architecture() + " " + reference));
  }

  private static Optional<PulledImage> read(Path record) throws IOException {
    try {
      return PulledImage.parse(Files.readAllBytes(record));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private void write(Path record, PulledImage pulled) throws IOException {
    try (TemporaryImage temporary = TemporaryImage.create(records)) {
      var bytes = ByteBuffer.wrap(pulled.toBytes());
      while (bytes.hasRemaining()) {
        temporary.channel().write(bytes);
      }
      temporary.moveTo(record);
    }
  }

  private static String digest(String text) {
    return HexFormat.of()
        .formatHex(TreeDigest.sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
  }
}
