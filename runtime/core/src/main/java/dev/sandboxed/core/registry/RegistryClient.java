package dev.sandboxed.core.registry;

import dev.sandboxed.ImageReference;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * What is asked of registries and their mirrors: which image a reference means, and the contents it
 * is made of. Thread-safe.
 */
public final class RegistryClient {

  private final RegistrySettings settings;
  private final Limits limits;
  private final String architecture;
  private final RegistryRequests requests;

  /**
   * Makes a client.
   *
   * @param architecture the one to choose images for, as registries call it: {@code amd64}
   */
  public RegistryClient(RegistrySettings settings, Limits limits, String architecture)
      throws IOException {
    this.settings = settings;
    this.limits = limits;
    this.architecture = architecture;
    requests = new RegistryRequests(settings, limits);
  }

  /**
   * An image as its registry describes it.
   *
   * @param answered the digest of what the reference leads to, which may be an index
   * @param manifest the digest of the manifest for this machine
   * @param config what applies to programs in it
   * @param layers what it is made of, the lowest first
   */
  public record RemoteImage(
      Digest answered, Digest manifest, ImageConfig config, List<RemoteLayer> layers) {}

  /** A layer as it is in the registry, and the digest of what it unpacks to. */
  public record RemoteLayer(Descriptor packed, Digest unpacked) {
    /** Returns the digest in the registry. */
    public Digest digest() {
      return packed.digest();
    }
  }

  /** Returns the digest that a tag leads to now, if the registry tells it without the document. */
  public Optional<Digest> lookUp(ImageReference reference) throws IOException {
    return retriedAnyOf(
        reference,
        host -> {
          try (var answer = requests.pulled("HEAD", host, reference, manifests(reference))) {
            return answer
                .headers()
                .firstValue("Docker-Content-Digest")
                .filter(Digest::isDigest)
                .map(Digest::new);
          }
        });
  }

  /** Returns what a reference means on this machine. */
  public RemoteImage resolve(ImageReference reference) throws IOException {
    return ImageSource.resolve(source(reference), architecture, limits);
  }

  /** Returns where the contents of an image come from. */
  ImageSource source(ImageReference reference) {
    return new ImageSource() {
      @Override
      public Document document(Optional<Digest> digest) throws IOException {
        return RegistryClient.this.document(
            reference, digest.or(() -> reference.digest().map(Digest::new)));
      }

      @Override
      public VerifiedStream blob(Descriptor blob, LongConsumer progress) throws IOException {
        return RegistryClient.this.blob(reference, blob, progress);
      }

      @Override
      public <T> T retried(RegistryRequests.Attempt<T> work) throws IOException {
        return requests.retried(work);
      }
    };
  }

  private ImageSource.Document document(ImageReference reference, Optional<Digest> digest)
      throws IOException {
    var path = digest.map(d -> manifests(reference, d.text())).orElse(manifests(reference));
    return retriedAnyOf(
        reference,
        host -> {
          try (var answer = requests.pulled("GET", host, reference, path)) {
            var bytes = answer.bytes(limits.document(), "The manifest");
            var told = answer.headers().firstValue("Docker-Content-Digest");
            var expected = digest.or(() -> told.filter(Digest::isDigest).map(Digest::new));
            if (expected.isPresent() && !expected.get().sameOf(bytes).equals(expected.get())) {
              throw RegistryException.invalid(
                  "%s sent a manifest with the digest %s instead of %s: damaged or false"
                      .formatted(host, expected.get().sameOf(bytes), expected.get()));
            }
            var type = answer.headers().firstValue("Content-Type").orElse("");
            return new ImageSource.Document(
                Manifest.parse(bytes, type, limits),
                bytes.length,
                expected.orElseGet(() -> Digest.sha256(bytes)));
          }
        });
  }

  /**
   * Opens a content, which is verified as it is read.
   *
   * @param progress told of bytes as they come
   */
  VerifiedStream blob(ImageReference reference, Descriptor blob, LongConsumer progress)
      throws IOException {
    var path = "/v2/" + reference.repository() + "/blobs/" + blob.digest();
    InputStream body =
        anyOf(reference, host -> requests.pulled("GET", host, reference, path)).body();
    return new VerifiedStream(body, blob, progress);
  }

  private static String manifests(ImageReference reference) {
    return manifests(reference, reference.digest().orElse(reference.tag().orElse("latest")));
  }

  private static String manifests(ImageReference reference, String name) {
    return "/v2/" + reference.repository() + "/manifests/" + name;
  }

  @FunctionalInterface
  private interface Question<T> {
    T ask(String host) throws IOException;
  }

  /** Asks the mirrors in turn, and the registry itself if none of them answers. */
  private <T> T anyOf(ImageReference reference, Question<T> question) throws IOException {
    var host = reference.registry().orElseThrow();
    for (var mirror : settings.mirrors().getOrDefault(host, List.of())) {
      try {
        return question.ask(mirror);
      } catch (RegistryException e) {
        System.getLogger(RegistryClient.class.getName())
            .log(System.Logger.Level.DEBUG, "the mirror " + mirror + " is passed over", e);
      }
    }
    return question.ask(host);
  }

  private <T> T retriedAnyOf(ImageReference reference, Question<T> question) throws IOException {
    return requests.retried(() -> anyOf(reference, question));
  }
}
