package dev.sandboxed.gvisor;

import dev.sandboxed.Image;
import dev.sandboxed.core.binaries.CacheRoot;
import dev.sandboxed.core.erofs.ErofsWriter;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.HostDirectory;
import dev.sandboxed.core.tree.Metadata;
import dev.sandboxed.core.tree.TreeBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** The host tools on a skeleton, until images are composed from data. */
final class BootstrapImages implements Images {
  private final CacheRoot cache;

  BootstrapImages(CacheRoot cache) {
    this.cache = cache;
  }

  @Override
  public Prepared prepare(Image image) {
    try {
      var b = new TreeBuilder();
      for (var d :
          new String[] {
            "usr", "tmp", "proc", "sys", "dev", "etc", "root", "var", "run", "home", ".sandboxed"
          }) {
        b.directory(d, Metadata.root(d.equals("tmp") ? 01777 : 0755));
      }
      for (var l : new String[] {"bin", "lib", "lib64", "sbin"}) {
        b.symlink(l, Metadata.root(0777), "usr/" + l);
      }
      var etc = Files.createTempDirectory("etc");
      Files.writeString(
          etc.resolve("passwd"),
          "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n");
      Files.writeString(etc.resolve("group"), "root:x:0:\nnogroup:x:65534:\n");
      for (var f : new String[] {"passwd", "group"}) {
        b.node(
            "etc/" + f,
            HostDirectory.reader().readAny(etc.resolve(f)).tree().find(f).orElseThrow());
      }
      return new Prepared(
          write("root.erofs", b.build()),
          Map.of("/usr", Path.of("/usr")),
          Map.of("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
          Optional.empty());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Path agent(Path agent) {
    try {
      var b = new TreeBuilder();
      b.node("agent", HostDirectory.reader().readAny(agent).tree().find("agent").orElseThrow());
      return write("agent.erofs", b.build());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path write(String name, FileTree tree) throws IOException {
    var file = cache.directory("boot").resolve(name);
    if (!Files.exists(file)) {
      try (var channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.READ)) {
        ErofsWriter.write(tree, UUID.randomUUID(), channel);
      }
    }
    return file;
  }
}
