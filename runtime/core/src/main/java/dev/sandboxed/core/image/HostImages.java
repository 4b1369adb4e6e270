package dev.sandboxed.core.image;

import dev.sandboxed.core.registry.ImageConfig;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.TreeDigest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The image of the host's own tools; found out once. Thread-safe. */
final class HostImages {
  private final HostTools.Environment environment;

  /** Shown in place of a home that lies in a directory of tools. */
  private final Path empty;

  /** Shown in place of settings that hold credentials. */
  private final Path masks;

  private final ErofsFiles files;
  private volatile @Nullable ResolvedImage known;

  HostImages(HostTools.Environment environment, ErofsFiles files, Path empty, Path masks) {
    this.environment = environment;
    this.files = files;
    this.empty = empty;
    this.masks = masks;
  }

  /** Finds the image; of several who want it at a time one looks. */
  synchronized ResolvedImage resolve() throws IOException {
    ResolvedImage image = known;
    // What its file would be made from may have changed since.
    if (image == null || !files.has(image.root().digest())) {
      image = discover();
      known = image;
    }
    return image;
  }

  void forget() {
    known = null;
  }

  private ResolvedImage discover() throws IOException {
    HostTools tools = HostTools.discover(environment);
    FileTree skeleton = HostSkeleton.build(Path.of("/etc"), tools);
    String root = TreeDigest.of(skeleton, RootTree.FORMAT);
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
    sha256.update((root + mounts + variables).getBytes(StandardCharsets.UTF_8));
    return new ResolvedImage(
        HexFormat.of().formatHex(sha256.digest()),
        new RootTree.Base(root, () -> OpenTree.of(skeleton)),
        mounts,
        new ImageConfig(variables, "/", Optional.empty(), List.of()));
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
}
