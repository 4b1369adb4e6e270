package dev.sandboxed.core.image;

import dev.sandboxed.core.tree.ByteStrings;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.Node;
import dev.sandboxed.core.tree.TreeException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.Optional;

/**
 * Whom a file belongs to.
 *
 * @param uid the user
 * @param gid the group
 */
record Owner(long uid, long gid) {
  private static final long MAX_ID = 0xffff_fffeL;
  private static final int MAX_FILE = 4 << 20;

  /**
   * Returns what a user and group of an image mean.
   *
   * @param text a name or number, perhaps with a group behind a colon; without one, the group has
   *     the number of the user
   * @param image whose {@code /etc/passwd} and {@code /etc/group} give the numbers of names
   */
  static Owner of(String text, FileTree image) throws IOException {
    var colon = text.indexOf(':');
    var user = colon < 0 ? text : text.substring(0, colon);
    var uid = number(user, "etc/passwd", "user", image);
    var gid = colon < 0 ? uid : number(text.substring(colon + 1), "etc/group", "group", image);
    return new Owner(uid, gid);
  }

  private static long number(String text, String file, String what, FileTree image)
      throws IOException {
    if (text.matches("[0-9]{1,10}")) {
      var number = Long.parseLong(text);
      if (number > MAX_ID) {
        throw new TreeException("the %s %s is not a number of one".formatted(what, text));
      }
      return number;
    }
    for (var line : content(file, image).split("\n")) {
      var fields = line.split(":", -1);
      if (fields.length > 2
          && fields[0].equals(ByteStrings.of(text))
          && fields[2].matches("[0-9]{1,10}")
          && Long.parseLong(fields[2]) <= MAX_ID) {
        return Long.parseLong(fields[2]);
      }
    }
    throw new TreeException(
        "the image's /%s has no %s %s; add it before, or write its number"
            .formatted(file, what, text));
  }

  private static String content(String file, FileTree image) throws IOException {
    Optional<Node> node = image.find(file);
    if (node.isEmpty()
        || !(node.get() instanceof Node.Regular regular)
        || regular.content().size() > MAX_FILE) {
      return "";
    }
    var bytes = new ByteArrayOutputStream();
    regular.content().copyTo(Channels.newChannel(bytes));
    return ByteStrings.ofBytes(bytes.toByteArray());
  }
}
