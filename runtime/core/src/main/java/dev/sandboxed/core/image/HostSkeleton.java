package dev.sandboxed.core.image;

import dev.sandboxed.core.tree.Content;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.HostDirectory;
import dev.sandboxed.core.tree.HostPaths;
import dev.sandboxed.core.tree.Metadata;
import dev.sandboxed.core.tree.Node;
import dev.sandboxed.core.tree.TreeBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The root file system around the host's tools: the usual directories, a minimal {@code /etc} with
 * accounts of its own, and of the host's {@code /etc} what tools need to run and says nothing about
 * the user.
 */
final class HostSkeleton {
  private static final Map<String, Integer> DIRECTORIES =
      Map.ofEntries(
          Map.entry(".sandboxed", 0555),
          Map.entry("dev", 0755),
          Map.entry("etc", 0755),
          Map.entry("home", 0755),
          Map.entry("media", 0755),
          Map.entry("mnt", 0755),
          Map.entry("proc", 0555),
          Map.entry("root", 0700),
          Map.entry("run/lock", 01777),
          Map.entry("srv", 0755),
          Map.entry("sys", 0555),
          Map.entry("tmp", 01777),
          Map.entry("var/cache", 0755),
          Map.entry("var/lib", 0755),
          Map.entry("var/log", 0755),
          Map.entry("var/tmp", 01777),
          Map.entry("work", 0755));

  private static final Map<String, String> FILES =
      Map.of(
          "passwd",
          "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
              + "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
          "group",
          "root:x:0:\ndaemon:x:1:\ntty:x:5:\nusers:x:100:\nnogroup:x:65534:\n",
          "shadow",
          "root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\n",
          "hosts",
          "127.0.0.1 localhost sandbox\n::1 localhost ip6-localhost\n",
          "hostname",
          "sandbox\n",
          "nsswitch.conf",
          "passwd: files\n"
              + "group: files\n"
              + "shadow: files\n"
              + "hosts: files dns\n"
              + "services: files\n"
              + "protocols: files\n",
          "resolv.conf",
          "");

  /** What is taken from the host's /etc, if it is there. */
  private static final List<String> FROM_HOST =
      List.of(
          "alternatives",
          "bash.bashrc",
          "ca-certificates",
          "ca-certificates.conf",
          "crypto-policies",
          "debian_version",
          "fonts",
          "inputrc",
          "ld.so.cache",
          "ld.so.conf",
          "ld.so.conf.d",
          "locale.alias",
          "locale.conf",
          "localtime",
          "login.defs",
          "lsb-release",
          "magic",
          "magic.mime",
          "maven",
          "mime.types",
          "os-release",
          "pam.conf",
          "pam.d",
          "perl",
          "pki",
          "protocols",
          "redhat-release",
          "services",
          "shells",
          "ssl",
          "terminfo",
          "timezone");

  /** Directories with a version in their names. */
  private static final List<String> PREFIXES_FROM_HOST = List.of("java-", "python3");

  /** A file this large is no key, and not read to see whether it is one. */
  private static final long LARGE = 128 << 10;

  private HostSkeleton() {}

  static FileTree build(Path etc, HostTools tools) throws IOException {
    var builder = new TreeBuilder().directory("/", Metadata.root(0755));
    for (Map.Entry<String, Integer> directory : new TreeMap<>(DIRECTORIES).entrySet()) {
      builder.directory(directory.getKey(), Metadata.root(directory.getValue()));
    }
    builder.symlink("var/run", Metadata.root(0777), "/run");
    builder.symlink("var/lock", Metadata.root(0777), "/run/lock");
    for (Map.Entry<String, String> link : tools.links().entrySet()) {
      builder.symlink(link.getKey(), Metadata.root(0777), link.getValue());
    }
    for (HostMount mount : tools.mounts()) {
      builder.directory(mount.target(), Metadata.root(0755));
    }
    for (String name : FROM_HOST) {
      copy(builder, etc, name);
    }
    try (Stream<Path> files = Files.list(etc)) {
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString();
        if (PREFIXES_FROM_HOST.stream().anyMatch(name::startsWith)) {
          copy(builder, etc, name);
        }
      }
    }
    for (Map.Entry<String, String> file : new TreeMap<>(FILES).entrySet()) {
      int mode = file.getKey().equals("shadow") ? 0600 : 0644;
      byte[] text = file.getValue().getBytes(StandardCharsets.UTF_8);
      builder.file("etc/" + file.getKey(), Metadata.root(mode), Content.of(text));
    }
    builder.symlink("etc/mtab", Metadata.root(0777), "/proc/mounts");
    return builder.build();
  }

  private static void copy(TreeBuilder builder, Path etc, String name) throws IOException {
    Path file = etc.resolve(name);
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS) || !Files.isReadable(file)) {
      return;
    }
    HostDirectory reader =
        HostDirectory.reader()
            .leavingOutUnreadable()
            .excluding(path -> isPrivate(etc.resolve(name), path));
    for (Map.Entry<String, Node> copy : reader.readAny(file).tree().root().children().entrySet()) {
      builder.node("etc/" + copy.getKey(), copy.getValue());
    }
  }

  /**
   * Returns whether a file holds or may hold something secret: keys, and settings that carry
   * credentials.
   */
  private static boolean isPrivate(Path top, String path) {
    String lower = path.toLowerCase(Locale.ROOT);
    String name = lower.substring(lower.lastIndexOf('/') + 1);
    if (name.equals("private")
        || name.endsWith(".key")
        || name.endsWith(".p12")
        || name.endsWith(".pfx")
        || name.endsWith(".jks")
        || name.endsWith(".password")
        || name.startsWith("settings")
        || name.startsWith("toolchains")) {
      return true;
    }
    return holdsPrivateKey(HostPaths.resolve(top, path));
  }

  private static boolean holdsPrivateKey(Path file) {
    try {
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) > LARGE) {
        return false;
      }
      return Files.readString(file, StandardCharsets.ISO_8859_1).contains("PRIVATE KEY");
    } catch (IOException e) {
      return true;
    }
  }
}
