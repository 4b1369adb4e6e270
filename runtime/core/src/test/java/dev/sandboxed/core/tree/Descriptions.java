package dev.sandboxed.core.tree;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/** Describes every file of a tree in one line, so that trees can be compared file by file. */
public final class Descriptions {
  private Descriptions() {}

  /** Returns lines by path. */
  public static SortedMap<String, String> of(FileTree tree) throws IOException {
    var lines = new TreeMap<String, String>();
    IdentityHashMap<Node, String> first = new IdentityHashMap<>();
    tree.walk(
        (path, node) -> {
          String earlier = node instanceof Node.Directory ? null : first.putIfAbsent(node, path);
          lines.put(path, line(node) + (earlier == null ? "" : " is " + earlier));
        });
    return lines;
  }

  /** Returns lines by path for a host directory. */
  public static SortedMap<String, String> ofHost(Path directory) throws IOException {
    return of(HostDirectory.reader().read(directory).tree());
  }

  /** Returns what differs, by path, in a readable and short form. */
  public static List<String> differences(
      SortedMap<String, String> expected, SortedMap<String, String> actual) {
    var paths = new TreeSet<>(expected.keySet());
    paths.addAll(actual.keySet());
    return paths.stream()
        .filter(path -> !Objects.equals(expected.get(path), actual.get(path)))
        .map(
            path ->
                ByteStrings.display(path)
                    + ": "
                    + shown(expected.get(path))
                    + " became "
                    + shown(actual.get(path)))
        .toList();
  }

  private static String shown(@Nullable String line) {
    return line == null ? "nothing" : "[" + ByteStrings.display(line) + "]";
  }

  private static String line(Node node) throws IOException {
    if (node instanceof Node.Directory) {
      return line("directory", node.metadata(), "");
    }
    if (node instanceof Node.Symlink symlink) {
      return line("symlink", node.metadata(), "to " + symlink.target());
    }
    if (node instanceof Node.Special special) {
      return line(
          special.kind().name().toLowerCase(Locale.ROOT),
          node.metadata(),
          special.major() + "," + special.minor());
    }
    Content content = ((Node.Regular) node).content();
    var bytes = new ByteArrayOutputStream();
    content.copyTo(Channels.newChannel(bytes));
    return line("regular", node.metadata(), content.size() + " " + hash(bytes.toByteArray()));
  }

  /** Returns one line in the form that all readers of trees use in tests. */
  public static String line(String type, Metadata metadata, String rest) {
    return type
        + " "
        + Integer.toOctalString(metadata.mode())
        + " "
        + metadata.uid()
        + ":"
        + metadata.gid()
        + " "
        + metadata.mtime()
        + " "
        + rest;
  }

  /** Returns a checksum of some bytes: a cryptographic digest is slow before it is compiled. */
  public static String hash(byte[] bytes) {
    var crc = new CRC32();
    crc.update(bytes);
    return Long.toHexString(crc.getValue());
  }
}
