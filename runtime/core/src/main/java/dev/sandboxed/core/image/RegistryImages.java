package dev.sandboxed.core.image;

import dev.sandboxed.ImageReference;
import dev.sandboxed.core.binaries.Platform;
import dev.sandboxed.core.registry.Digest;
import dev.sandboxed.core.registry.ImageConfig;
import dev.sandboxed.core.registry.Layers;
import dev.sandboxed.core.registry.Limits;
import dev.sandboxed.core.registry.PackedImage;
import dev.sandboxed.core.registry.RegistryClient;
import dev.sandboxed.core.registry.RegistryException;
import dev.sandboxed.core.registry.RegistryPush;
import dev.sandboxed.core.registry.RegistrySettings;
import dev.sandboxed.core.tree.TreeDigest;
import dev.sandboxed.core.tree.TreeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Images of registries. What a reference led to is remembered: for good if it has a digest, else
 * until it is so old that the registry is asked again. Where the registry cannot be reached then,
 * what the tag led to before holds on.
 */
final class RegistryImages {
  /** Changes when the same layers would give another image. */
  private static final String FORMAT = "erofs-1 layers-1 ";

  private final RegistrySettings settings;
  private final Records records;
  private final Path scratch;
  private final Limits limits = Limits.generous();

  /**
   * Makes the part of a store that fetches.
   *
   * @param scratch the directory for what is under way
   */
  RegistryImages(RegistrySettings settings, Records records, Path scratch) {
    this.settings = settings;
    this.records = records;
    this.scratch = scratch;
  }

  /** Makes the file of a digest if it is not there. */
  @FunctionalInterface
  interface Maker {
    void make(RootTree root) throws IOException;
  }

  /**
   * Returns what a reference leads to. If the registry was asked, and led to something new, its
   * file is made before that is remembered: an image that cannot be had is no answer.
   */
  ResolvedImage resolve(ImageReference given, Maker maker) throws IOException {
    var reference = qualified(given);
    return image(pulled(reference, maker), reference);
  }

  private PulledImage pulled(ImageReference reference, Maker maker) throws IOException {
    var record = record(reference);
    var before = records.read(record).flatMap(PulledImage::parse);
    if (before.isPresent() && isFresh(before.get(), reference)) {
      return before.get();
    }
    try {
      var pulled = asked(reference, before, maker);
      records.write(record, pulled.toBytes());
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

  private ResolvedImage image(PulledImage pulled, ImageReference reference) {
    return image(pulled.erofs(), pulled.config(), () -> fetchedAgain(pulled, reference));
  }

  /** Returns an image in the form that registries have. */
  static ResolvedImage image(String erofs, ImageConfig config, OpenTree.Source source) {
    var variables = new TreeMap<String, String>(config.environment());
    variables.putIfAbsent("PATH", LocalImages.PATH);
    return new ResolvedImage(
        erofs,
        new RootTree.Base(erofs, source),
        List.of(),
        new ImageConfig(variables, config.workingDirectory(), config.user(), config.entrypoint()));
  }

  /** Sends an image to a registry; returns the manifest's digest. */
  Digest push(PackedImage image, ImageReference target) throws IOException {
    return new RegistryPush(settings, limits, target).push(image);
  }

  /** Returns what the file of a manifest's layers is named by. */
  static String erofs(Digest manifest) {
    return digest(FORMAT + manifest);
  }

  /** Fetches what is remembered, but whose file is not there any more. */
  private OpenTree fetchedAgain(PulledImage pulled, ImageReference reference) throws IOException {
    var client = new RegistryClient(settings, limits, architecture());
    var exact =
        new ImageReference(
            reference.registry(),
            reference.repository(),
            Optional.empty(),
            Optional.of(pulled.answered().text()));
    try {
      return fetched(client, exact, client.resolve(exact));
    } catch (RegistryException e) {
      if (e.kind() != RegistryException.Kind.UNREACHABLE) {
        // What the tag leads to now is the next answer.
        records.remove(record(reference));
      }
      throw e;
    }
  }

  private OpenTree fetched(
      RegistryClient client, ImageReference reference, RegistryClient.RemoteImage image)
      throws IOException {
    var layers = Layers.fetch(client, reference, image, limits, scratch);
    try {
      return OpenTree.of(layers.tree(), layers::close);
    } catch (IOException | RuntimeException | Error e) {
      layers.close();
      throw e;
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
    var erofs = erofs(image.manifest());
    maker.make(new RootTree.Base(erofs, () -> fetched(client, reference, image)));
    return new PulledImage(image.answered(), erofs, image.config(), now);
  }

  /** Returns a reference that names its registry; one without leads where the settings say. */
  ImageReference qualified(ImageReference reference) throws IOException {
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

  /** Returns what registries call this machine's architecture. */
  static String architecture() {
    return switch (Platform.current()) {
      case LINUX_X86_64 -> "amd64";
      case LINUX_AARCH64 -> "arm64";
    };
  }

  private static String record(ImageReference reference) {
    return digest(FORMAT + architecture() + " " + reference);
  }

  static String digest(String text) {
    return HexFormat.of()
        .formatHex(TreeDigest.sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
  }
}
