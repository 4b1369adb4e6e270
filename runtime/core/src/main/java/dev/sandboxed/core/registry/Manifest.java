package dev.sandboxed.core.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/** What a registry answers for a tag or a digest: an image's manifest, or an index of manifests. */
sealed interface Manifest {
  String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
  String DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
  String DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json";

  /** What to ask for. */
  String ACCEPTED = String.join(", ", OCI_INDEX, DOCKER_INDEX, OCI_MANIFEST, DOCKER_MANIFEST);

  /** Types of configurations that describe a root file system, and nothing else. */
  Set<String> CONFIGURATIONS =
      Set.of(
          "application/vnd.oci.image.config.v1+json",
          "application/vnd.docker.container.image.v1+json");

  /** Types of layers; what they are compressed with shows in their first bytes. */
  Set<String> LAYERS =
      Set.of(
          "application/vnd.oci.image.layer.v1.tar",
          "application/vnd.oci.image.layer.v1.tar+gzip",
          "application/vnd.oci.image.layer.v1.tar+zstd",
          "application/vnd.oci.image.layer.nondistributable.v1.tar",
          "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
          "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
          "application/vnd.docker.image.rootfs.diff.tar",
          "application/vnd.docker.image.rootfs.diff.tar.gzip",
          "application/vnd.docker.image.rootfs.diff.tar.zstd",
          "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");

  /**
   * An image for one platform.
   *
   * @param config its configuration
   * @param layers its layers, the lowest first
   */
  record Single(Descriptor config, List<Descriptor> layers) implements Manifest {}

  /**
   * The manifests of an image for several platforms.
   *
   * @param entries by platform, in the order of the registry's preference
   */
  record Index(List<Entry> entries) implements Manifest {
    /** Returns the first for Linux on an architecture. */
    Optional<Descriptor> linux(String architecture) {
      return entries.stream()
          .filter(e -> e.os().equals("linux") && e.architecture().equals(architecture))
          .map(Entry::manifest)
          .findFirst();
    }

    /** Returns what there is, for messages. */
    Set<String> platforms() {
      var platforms = new TreeSet<String>();
      entries.stream()
          .filter(e -> !e.os().equals("unknown"))
          .map(e -> (e.os() + "/" + e.architecture()).replaceAll("[^A-Za-z0-9_./-]", "?"))
          .limit(50)
          .forEach(platforms::add);
      return platforms;
    }
  }

  /** One manifest of an index. */
  record Entry(String os, String architecture, Descriptor manifest) {}

  /**
   * Parses a manifest or an index.
   *
   * @param contentType what the registry calls it, for a document that does not say it itself
   */
  static Manifest parse(byte[] bytes, String contentType, Limits limits) throws RegistryException {
    var node = Json.object(bytes, "The manifest");
    var type = Json.text(node, "mediaType").orElse(contentType.split(";", 2)[0].strip());
    if (node.path("schemaVersion").asInt(0) == 1) {
      throw RegistryException.invalid(
          "The manifest has the first schema, which registries gave up; push the image again with"
              + " a tool of today");
    }
    // A document that can be read both ways would be another image to another tool.
    if (node.has("manifests") && (node.has("layers") || node.has("config"))) {
      throw RegistryException.invalid("The manifest is both an image's and an index: refused");
    }
    return switch (type) {
      case OCI_INDEX, DOCKER_INDEX -> index(node);
      case OCI_MANIFEST, DOCKER_MANIFEST -> single(node, limits);
      default ->
          throw RegistryException.invalid(
              "The registry has something of the type \"%s\" there, which is not an image"
                  .formatted(RegistryHttp.shown(type)));
    };
  }

  private static Index index(JsonNode node) throws RegistryException {
    var entries = new ArrayList<Entry>();
    for (var entry : node.path("manifests")) {
      var platform = entry.path("platform");
      entries.add(
          new Entry(
              Json.text(platform, "os").orElse("unknown"),
              Json.text(platform, "architecture").orElse("unknown"),
              Descriptor.of(entry, "The index")));
    }
    return new Index(List.copyOf(entries));
  }

  private static Single single(JsonNode node, Limits limits) throws RegistryException {
    var config = Descriptor.of(node.path("config"), "The manifest");
    if (!CONFIGURATIONS.contains(config.mediaType())) {
      throw RegistryException.invalid(
          "The registry has an artifact of the type \"%s\" there, which is not an image"
              .formatted(RegistryHttp.shown(config.mediaType())));
    }
    var layers = new ArrayList<Descriptor>();
    long size = 0;
    for (var layer : node.path("layers")) {
      var descriptor = Descriptor.of(layer, "The manifest");
      if (!LAYERS.contains(descriptor.mediaType())) {
        throw RegistryException.invalid(
            "The image has a layer of the type \"%s\", which is not supported"
                .formatted(RegistryHttp.shown(descriptor.mediaType())));
      }
      layers.add(descriptor);
      size =
          Math.addExact(
              Math.min(size, Long.MAX_VALUE / 4), Math.min(descriptor.size(), Long.MAX_VALUE / 4));
      if (layers.size() > limits.layers() || size > limits.unpacked().bytes()) {
        throw RegistryException.invalid(
            "The image has more than %,d layers or %,d bytes: refused"
                .formatted(limits.layers(), limits.unpacked().bytes()));
      }
    }
    if (layers.isEmpty()) {
      throw RegistryException.invalid("The image has no layers, so there is nothing to run");
    }
    return new Single(config, List.copyOf(layers));
  }
}
