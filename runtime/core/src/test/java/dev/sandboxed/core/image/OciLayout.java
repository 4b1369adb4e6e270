package dev.sandboxed.core.image;

import dev.sandboxed.core.support.DebianPackages;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * An image that tools of others make: layers of commons-compress and GNU tar, put together by
 * umoci.
 */
final class OciLayout {
  private static final Instant TIME = Instant.parse("2021-02-03T04:05:06Z");

  private final Path directory;
  private final Path layout;

  OciLayout(Path directory) throws IOException {
    this.directory = directory;
    layout = directory.resolve("layout");
    DebianPackages.require("umoci", "umoci");
    DebianPackages.require("skopeo", "skopeo");
    DebianPackages.run("umoci", "init", "--layout", layout.toString());
    DebianPackages.run("umoci", "new", "--image", layout + ":image");
  }

  /** Adds layers with everything that layers can have. */
  OciLayout filled() throws IOException {
    add(everything());
    add(sparse());
    add(marks());
    DebianPackages.run(
        "umoci",
        "config",
        "--image",
        layout + ":image",
        "--config.env",
        "A=b=c",
        "--config.env",
        "LANG=C.UTF-8",
        "--config.workingdir",
        "/srv/app/",
        "--config.user",
        "1000:100",
        "--config.entrypoint",
        "/bin/sh",
        "--config.entrypoint",
        "-c",
        "--config.cmd",
        "true");
    return this;
  }

  /** Adds a tar file as the uppermost layer. */
  OciLayout add(Path tar) throws IOException {
    DebianPackages.run("umoci", "raw", "add-layer", "--image", layout + ":image", tar.toString());
    return this;
  }

  /** Pushes it as it is, compressed by gzip. */
  void push(String target, String... options) throws IOException {
    copy("oci:" + layout + ":image", "docker://" + target, options);
  }

  /** Pushes it compressed by zstd, and not layers by gzip that the registry has already. */
  void pushZstd(String target, String option) throws IOException {
    var plain = "dir:" + directory.resolve("plain");
    var zstd = "dir:" + directory.resolve("zstd");
    copy("oci:" + layout + ":image", plain, "--dest-decompress");
    copy(plain, zstd, "--format", "oci", "--dest-compress", "--dest-compress-format", "zstd");
    copy(zstd, "docker://" + target, option, "--preserve-digests");
  }

  private static void copy(String source, String target, String... options) throws IOException {
    var command = new ArrayList<>(List.of("skopeo", "--insecure-policy", "copy"));
    command.addAll(List.of(options));
    command.add(source);
    command.add(target);
    DebianPackages.run(command.toArray(String[]::new));
  }

  /** Returns what umoci unpacks it to. */
  Path unpacked() throws IOException {
    var bundle = directory.resolve("bundle");
    if (DebianPackages.isRoot()) {
      DebianPackages.run("umoci", "unpack", "--image", layout + ":image", bundle.toString());
    } else {
      DebianPackages.run(
          "umoci", "unpack", "--rootless", "--image", layout + ":image", bundle.toString());
    }
    return bundle.resolve("rootfs");
  }

  private Path everything() throws IOException {
    var tar = directory.resolve("everything.tar");
    try (var out = new TarArchiveOutputStream(Files.newOutputStream(tar), "UTF-8")) {
      out.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      out.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
      for (var name :
          new String[] {
            "./",
            "bin/",
            "dev/",
            "etc/",
            "srv/",
            "srv/app/",
            "usr/",
            "usr/lib/",
            "gone/",
            "gone/deep/",
            "opaque/"
          }) {
        put(out, name, TarConstants.LF_DIR, 0755, 0, "", "");
      }
      put(out, "tmp/", TarConstants.LF_DIR, 01777, 0, "", "");
      put(out, "lib", TarConstants.LF_SYMLINK, 0777, 0, "usr/lib", "");
      put(out, "bin/tool", TarConstants.LF_NORMAL, 04755, 0, "", "#!/bin/sh\n");
      put(out, "bin/same", TarConstants.LF_LINK, 04755, 0, "bin/tool", "");
      put(out, "srv/app/mine", TarConstants.LF_NORMAL, 0640, 1000, "", "x".repeat(100_000));
      put(out, "srv/app/far", TarConstants.LF_NORMAL, 0600, 3_000_000, "", "");
      put(out, "srv/app/ünïcode", TarConstants.LF_NORMAL, 0644, 0, "", "u");
      put(out, "srv/app/" + "n".repeat(255), TarConstants.LF_NORMAL, 0644, 0, "", "long");
      put(out, "srv/app/link", TarConstants.LF_SYMLINK, 0777, 0, "../" + "t".repeat(300), "");
      put(out, "srv/app/pipe", TarConstants.LF_FIFO, 0620, 5, "", "");
      put(out, "dev/null", TarConstants.LF_CHR, 0666, 0, "", "");
      put(out, "dev/disk", TarConstants.LF_BLK, 0660, 6, "", "");
      put(out, "gone/deep/file", TarConstants.LF_NORMAL, 0644, 0, "", "1");
      put(out, "opaque/file", TarConstants.LF_NORMAL, 0644, 0, "", "2");
      put(out, "etc/replaced", TarConstants.LF_NORMAL, 0644, 0, "", "3");
      put(out, "etc/removed", TarConstants.LF_NORMAL, 0644, 0, "", "4");
      put(out, "usr/lib/old", TarConstants.LF_NORMAL, 0644, 0, "", "5");
    }
    return tar;
  }

  private Path sparse() throws IOException {
    var tar = directory.resolve("sparse.tar");
    var source = Files.createDirectory(directory.resolve("sparse"));
    DebianPackages.run(
        "bash",
        "-euc",
        """
        cd "$1"
        truncate -s 5M holes; printf data | dd of=holes bs=1 seek=3000000 conv=notrunc status=none
        mkdir -p "$(printf 'd%.0s' $(seq 200))/$(printf 'e%.0s' $(seq 200))"
        touch "$(printf 'd%.0s' $(seq 200))/$(printf 'e%.0s' $(seq 200))/file"
        ln holes again
        find . -exec touch -h -d '2020-01-02 03:04:05Z' {} +
        tar --format=pax --sparse --numeric-owner --owner=7 --group=8 -cf "$2" holes again ddd*
        """,
        "bash",
        source.toString(),
        tar.toString());
    return tar;
  }

  private Path marks() throws IOException {
    var tar = directory.resolve("marks.tar");
    try (var out = new TarArchiveOutputStream(Files.newOutputStream(tar))) {
      put(out, ".wh.gone", TarConstants.LF_NORMAL, 0644, 0, "", "");
      put(out, "opaque/", TarConstants.LF_DIR, 0700, 0, "", "");
      put(out, "opaque/.wh..wh..opq", TarConstants.LF_NORMAL, 0644, 0, "", "");
      put(out, "opaque/new", TarConstants.LF_NORMAL, 0644, 0, "", "new");
      put(out, "etc/.wh.removed", TarConstants.LF_NORMAL, 0644, 0, "", "");
      put(out, "etc/replaced/", TarConstants.LF_DIR, 0755, 0, "", "");
      put(out, "etc/replaced/inside", TarConstants.LF_NORMAL, 0644, 0, "", "6");
      put(out, "lib/new", TarConstants.LF_NORMAL, 0644, 0, "", "7");
      put(out, "lib/.wh.old", TarConstants.LF_NORMAL, 0644, 0, "", "");
    }
    return tar;
  }

  private static void put(
      TarArchiveOutputStream out,
      String name,
      byte type,
      int mode,
      int owner,
      String target,
      String text)
      throws IOException {
    var entry = new TarArchiveEntry(name, type, true);
    var data = text.getBytes(StandardCharsets.UTF_8);
    entry.setLinkName(target);
    entry.setSize(data.length);
    entry.setMode(mode);
    entry.setUserId(owner);
    entry.setGroupId(owner);
    entry.setLastModifiedTime(FileTime.from(TIME));
    if (type == TarConstants.LF_CHR || type == TarConstants.LF_BLK) {
      entry.setDevMajor(1);
      entry.setDevMinor(3);
    }
    out.putArchiveEntry(entry);
    out.write(data);
    out.closeArchiveEntry();
  }
}
