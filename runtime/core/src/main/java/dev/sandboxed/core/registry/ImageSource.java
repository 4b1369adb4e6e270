package dev.sandboxed.core.registry;

import dev.sandboxed.core.registry.RegistryClient.RemoteImage;
import dev.sandboxed.core.registry.RegistryClient.RemoteLayer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/** Where the documents and contents of one image come from; nothing of it is trusted. */
interface ImageSource {
  /** How deep indexes may stand in indexes. */
  int MAX_INDEXES = 3;

  /** A manifest or an index, its length and its digest. */
  record Document(Manifest manifest, long size, Digest digest) {}

  /** Returns the document of a digest, or else what the image's name leads to. */
  Document document(Optional<Digest> digest) throws IOException;

  /**
   * Opens a content, which is verified as it is read.
   *
   * @param progress told of bytes as they come
   */
  VerifiedStream blob(Descriptor blob, LongConsumer progress) throws IOException;

  /** Does a work again when its failure may pass. */
  <T> T retried(RegistryRequests.Attempt<T> work) throws IOException;

  /**
   * Returns the image of a source for a machine.
   *
   * @param architecture as registries call it: {@code amd64}
   */
  static RemoteImage resolve(ImageSource source, String architecture, Limits limits)
      throws IOException {
    var first = source.document(Optional.empty());
    var document = first;
    var manifest = first.manifest();
    for (int i = 0; manifest instanceof Manifest.Index index; i++) {
      if (i == MAX_INDEXES) {
        throw RegistryException.invalid("The image is an index of indexes of indexes: refused");
      }
      var descriptor =
          index
              .linux(architecture)
              .orElseThrow(
                  () ->
                      RegistryException.invalid(
                          "There is no image for linux/%s, only for %s; choose another image or tag"
                              .formatted(architecture, String.join(", ", index.platforms()))));
      document = source.document(Optional.of(descriptor.digest()));
      if (document.size() != descriptor.size()) {
        throw RegistryException.invalid(
            "The manifest %s has another size than its index says".formatted(descriptor.digest()));
      }
      manifest = document.manifest();
    }
    var single = (Manifest.Single) manifest;
    var described = ImageConfig.parse(config(source, single.config(), limits), architecture);
    if (described.layers().size() != single.layers().size()) {
      throw RegistryException.invalid(
          "The manifest has %d layers and the configuration %d: refused"
              .formatted(single.layers().size(), described.layers().size()));
    }
    var layers = new ArrayList<RemoteLayer>();
    for (int i = 0; i < single.layers().size(); i++) {
      layers.add(new RemoteLayer(single.layers().get(i), described.layers().get(i)));
    }
    return new RemoteImage(
        first.digest(), document.digest(), described.config(), List.copyOf(layers));
  }

  private static byte[] config(ImageSource source, Descriptor descriptor, Limits limits)
      throws IOException {
    if (descriptor.size() > limits.document()) {
      throw RegistryException.invalid(
          "The image's configuration has more than %,d bytes: refused"
              .formatted(limits.document()));
    }
    return source.retried(
        () -> {
          try (var blob = source.blob(descriptor, bytes -> {})) {
            return blob.readAllBytes();
          }
        });
  }
}
