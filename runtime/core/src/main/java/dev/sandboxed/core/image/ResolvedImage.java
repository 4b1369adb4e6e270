package dev.sandboxed.core.image;

import dev.sandboxed.core.registry.ImageConfig;
import java.nio.file.Path;
import java.util.List;

/**
 * What an image is. To know it costs look-ups; only to start from it needs its file.
 *
 * @param digest names all of it, the configuration included
 * @param root the root file system
 * @param mounts host directories that belong to the image, parents first
 * @param config what programs in it start with
 */
record ResolvedImage(String digest, RootTree root, List<HostMount> mounts, ImageConfig config) {
  ResolvedImage {
    mounts = List.copyOf(mounts);
  }

  /** Returns an image of these parts, named by all of them. */
  static ResolvedImage of(RootTree root, List<HostMount> mounts, ImageConfig config) {
    var key = new KeyDigest(RootTree.FORMAT + " image").text(files(root, mounts));
    return new ResolvedImage(describe(key, config).hex(), root, mounts, config);
  }

  /** Returns what names the files alone, those of the host by their paths. */
  String files() {
    return files(root, mounts);
  }

  private static String files(RootTree root, List<HostMount> mounts) {
    return new KeyDigest("files")
        .text(root.digest())
        .texts(mounts.stream().map(HostMount::toString).toList())
        .hex();
  }

  /** Adds all of a configuration to a digest. */
  static KeyDigest describe(KeyDigest key, ImageConfig config) {
    return environment(key, config)
        .text(config.workingDirectory())
        .text(config.user().orElse(""))
        .texts(config.entrypoint());
  }

  /** Adds the environment of a configuration to a digest. */
  static KeyDigest environment(KeyDigest key, ImageConfig config) {
    return key.texts(
        config.environment().entrySet().stream()
            .map(variable -> variable.getKey() + "=" + variable.getValue())
            .sorted()
            .toList());
  }

  PreparedImage prepared(Path erofs) {
    return new PreparedImage(
        digest,
        erofs,
        mounts,
        config.environment(),
        config.workingDirectory(),
        config.user(),
        config.entrypoint());
  }
}
