package dev.sandboxed.core.registry;

import dev.sandboxed.ImageReference;
import dev.sandboxed.core.registry.PackedImage.Blob;
import dev.sandboxed.core.registry.RegistryException.Kind;
import dev.sandboxed.core.registry.RegistryHttp.Answer;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;

/** Sends images to a registry: what it has already is not sent again. */
public final class RegistryPush {
  private static final String BINARY = "application/octet-stream";

  private final RegistryRequests requests;
  private final ImageReference reference;
  private final String host;

  /**
   * Makes a sender.
   *
   * @param reference where to, with its registry and a tag
   */
  public RegistryPush(RegistrySettings settings, Limits limits, ImageReference reference)
      throws IOException {
    requests = new RegistryRequests(settings, limits);
    this.reference = reference;
    host = reference.registry().orElseThrow();
  }

  /**
   * Sends the blobs of an image, and when all are there, its manifest.
   *
   * @return the manifest's digest, which the registry has confirmed
   */
  public Digest push(PackedImage image) throws IOException {
    for (var blob : image.blobs()) {
      requests.retried(
          () -> {
            if (!isThere(blob)) {
              send(blob);
            }
            return blob;
          });
    }
    return requests.retried(() -> tag(image.manifest()));
  }

  private boolean isThere(Blob blob) throws IOException {
    var uri = address("/blobs/" + blob.descriptor().digest());
    try (var answer = requests.pushed("HEAD", reference, uri)) {
      return switch (answer.status()) {
        case 200 -> {
          var size = answer.headers().firstValueAsLong("Content-Length");
          if (size.isPresent() && size.getAsLong() != blob.descriptor().size()) {
            throw RegistryException.invalid(
                "The registry %s has %s with %,d bytes instead of %,d: damaged or false"
                    .formatted(
                        host,
                        blob.descriptor().digest(),
                        size.getAsLong(),
                        blob.descriptor().size()));
          }
          yield true;
        }
        case 404 -> false;
        default -> throw failure(answer, blob.descriptor().size());
      };
    }
  }

  private void send(Blob blob) throws IOException {
    URI target;
    try (var begun = requests.pushed("POST", reference, address("/blobs/uploads/"))) {
      if (begun.status() != 202) {
        throw failure(begun, blob.descriptor().size());
      }
      target = target(begun, blob);
    }
    try (var answer = requests.sent(reference, target, BINARY, blob)) {
      if (answer.status() != 201) {
        throw failure(answer, blob.descriptor().size());
      }
      confirm(answer, blob.descriptor().digest());
    }
  }

  private URI target(Answer begun, Blob blob) throws RegistryException {
    var location = begun.headers().firstValue("Location").orElse("");
    try {
      var uri = address("/blobs/uploads/").resolve(location);
      if (!location.isEmpty() && uri.getHost() != null && uri.getRawFragment() == null) {
        var join = uri.getRawQuery() == null ? "?" : "&";
        return URI.create(uri + join + "digest=" + blob.descriptor().digest());
      }
    } catch (IllegalArgumentException e) {
      // Said below.
    }
    throw RegistryException.invalid(
        "The registry %s names no address to send to: \"%s\""
            .formatted(host, RegistryHttp.shown(location)));
  }

  private Digest tag(Blob manifest) throws IOException {
    var digest = manifest.descriptor().digest();
    var name = reference.digest().orElseGet(() -> reference.tag().orElse("latest"));
    try (var answer =
        requests.sent(reference, address("/manifests/" + name), Manifest.OCI_MANIFEST, manifest)) {
      if (answer.status() != 201) {
        throw failure(answer, manifest.size());
      }
      confirm(answer, digest);
    }
    return digest;
  }

  private void confirm(Answer answer, Digest sent) throws RegistryException {
    Optional<String> confirmed = answer.headers().firstValue("Docker-Content-Digest");
    if (confirmed.isPresent() && !confirmed.get().equals(sent.text())) {
      throw RegistryException.invalid(
          "The registry %s says that it got %s, and %s was sent: damaged or false"
              .formatted(host, RegistryHttp.shown(confirmed.get()), sent));
    }
  }

  private RegistryException failure(Answer answer, long size) {
    var said = RegistryRequests.said(answer);
    return switch (answer.status()) {
      case 404, 405 ->
          new RegistryException(
              Kind.NOT_FOUND,
              "The registry %s takes nothing for %s (%d%s); check the name, and whether it may be pushed to"
                  .formatted(host, reference.repository(), answer.status(), said));
      case 413 ->
          RegistryException.invalid(
              "The registry %s does not take %,d bytes at once (413%s); raise the limit of the registry, or of the proxy before it"
                  .formatted(host, size, said));
      default -> requests.failure(answer, host, reference, said);
    };
  }

  private URI address(String path) {
    return requests.address(host, "/v2/" + reference.repository() + path);
  }
}
