package dev.sandboxed.core.registry;

import tools.jackson.databind.JsonNode;

/**
 * What a document says of another content.
 *
 * @param mediaType its type
 * @param digest its name
 * @param size its length in bytes
 */
record Descriptor(String mediaType, Digest digest, long size) {
  static Descriptor of(JsonNode node, String what) throws RegistryException {
    var digest = Json.text(node, "digest").orElse("");
    var size = node.path("size");
    if (!Digest.isDigest(digest)
        || !size.canConvertToLong()
        || !size.isIntegralNumber()
        || size.longValue() < 0) {
      throw RegistryException.invalid(what + " names a content without a valid digest and size");
    }
    return new Descriptor(
        Json.text(node, "mediaType").orElse(""), new Digest(digest), size.longValue());
  }
}
