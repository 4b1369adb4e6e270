package dev.sandboxed.core.tree;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Builds a tree path by path. Later entries replace earlier ones; missing parents appear as
 * directories of root's.
 *
 * <p>Parents that are symbolic links are followed inside the tree, as they would be by a program
 * whose root directory the tree is: no path leads out. Paths and link targets are byte strings. Not
 * thread-safe.
 */
public final class TreeBuilder {
  private static final int MAX_LINKS = 40;

  private sealed interface Slot permits MutableDirectory, Leaf {}

  private record Leaf(Node node) implements Slot {}

  private static final class MutableDirectory implements Slot {
    private Metadata metadata;
    private final @Nullable MutableDirectory parent;
    private final Map<String, Slot> children = new TreeMap<>();

    MutableDirectory(Metadata metadata, @Nullable MutableDirectory parent) {
      this.metadata = metadata;
      this.parent = parent;
    }
  }

  private final MutableDirectory root;

  /** Begins with an empty root directory of root's. */
  public TreeBuilder() {
    root = new MutableDirectory(Metadata.root(0755), null);
  }

  /** Begins with a tree. */
  public TreeBuilder(FileTree tree) {
    root = copy(tree.root(), null);
  }

  /** Puts a directory; one that exists keeps its content and gets the new metadata. */
  public TreeBuilder directory(String path, Metadata metadata) throws TreeException {
    List<String> components = EntryPaths.components(path);
    if (components.isEmpty()) {
      root.metadata = metadata;
      return this;
    }
    MutableDirectory parent = parentOf(components, path);
    String name = components.get(components.size() - 1);
    if (parent.children.get(name) instanceof MutableDirectory existing) {
      existing.metadata = metadata;
    } else {
      parent.children.put(name, new MutableDirectory(metadata, parent));
    }
    return this;
  }

  /** Puts a regular file. */
  public TreeBuilder file(String path, Metadata metadata, Content content) throws TreeException {
    return node(path, new Node.Regular(metadata, content));
  }

  /** Puts a symbolic link. */
  public TreeBuilder symlink(String path, Metadata metadata, String target) throws TreeException {
    if (target.isEmpty() || target.length() >= EntryPaths.MAX_PATH || target.indexOf('\0') >= 0) {
      throw new TreeException(
          "The symbolic link '"
              + ByteStrings.display(path)
              + "' has an empty or over-long target: refused.");
    }
    return node(path, new Node.Symlink(metadata, target));
  }

  /** Puts a node, and all that is below it if it is a directory, in place of what was there. */
  public TreeBuilder node(String path, Node node) throws TreeException {
    List<String> components = EntryPaths.components(path);
    if (components.isEmpty()) {
      throw new TreeException("The root of a tree must be a directory.");
    }
    MutableDirectory parent = parentOf(components, path);
    parent.children.put(components.get(components.size() - 1), slot(node, parent));
    return this;
  }

  /** Gives the file at one path a second name. */
  public TreeBuilder hardLink(String path, String existing) throws TreeException {
    List<String> target = EntryPaths.components(existing);
    Slot slot =
        target.isEmpty()
            ? root
            : parentOf(target, existing).children.get(target.get(target.size() - 1));
    if (slot == null) {
      throw new TreeException(
          hardLinkMessage(path, existing)
              + ", which does not come before it: the archive is"
              + " damaged or incomplete.");
    }
    if (!(slot instanceof Leaf leaf)) {
      throw new TreeException(hardLinkMessage(path, existing) + ", which is a directory: refused.");
    }
    return node(path, leaf.node());
  }

  /** Removes what lies at a path, with all below it; nothing there is fine. */
  public TreeBuilder remove(String path) throws TreeException {
    List<String> components = EntryPaths.components(path);
    if (components.isEmpty()) {
      throw new TreeException("The root of a tree cannot be removed.");
    }
    if (hasParent(components)) {
      parentOf(components, path).children.remove(components.get(components.size() - 1));
    }
    return this;
  }

  /** Removes all that is in a directory, which stays; no directory there is fine. */
  public TreeBuilder clear(String path) throws TreeException {
    List<String> components = EntryPaths.components(path);
    if (components.isEmpty()) {
      root.children.clear();
    } else if (hasParent(components)
        && parentOf(components, path).children.get(components.get(components.size() - 1))
            instanceof MutableDirectory directory) {
      directory.children.clear();
    }
    return this;
  }

  /** Returns whether the parent of a path is a directory, following links, and makes nothing. */
  private boolean hasParent(List<String> components) {
    Deque<String> rest = new ArrayDeque<>(components.subList(0, components.size() - 1));
    MutableDirectory current = root;
    int links = 0;
    while (!rest.isEmpty()) {
      String name = rest.pop();
      if (name.isEmpty() || name.equals(".")) {
        continue;
      }
      if (name.equals("..")) {
        current = current.parent == null ? root : current.parent;
        continue;
      }
      Slot slot = current.children.get(name);
      if (slot instanceof MutableDirectory directory) {
        current = directory;
      } else if (slot instanceof Leaf leaf
          && leaf.node() instanceof Node.Symlink link
          && ++links <= MAX_LINKS) {
        current = link.target().startsWith("/") ? root : current;
        pushParts(rest, link.target());
      } else {
        return false;
      }
    }
    return true;
  }

  private static void pushParts(Deque<String> rest, String target) {
    String[] parts = target.split("/");
    for (int i = parts.length - 1; i >= 0; i--) {
      rest.push(parts[i]);
    }
  }

  private static String hardLinkMessage(String path, String existing) {
    return "The entry '"
        + ByteStrings.display(path)
        + "' is a hard link to '"
        + ByteStrings.display(existing)
        + "'";
  }

  /** Returns the tree built so far. */
  public FileTree build() {
    return new FileTree(freeze(root));
  }

  private static Node.Directory freeze(MutableDirectory directory) {
    var children = new TreeMap<String, Node>();
    for (Map.Entry<String, Slot> child : directory.children.entrySet()) {
      Slot slot = child.getValue();
      children.put(
          child.getKey(),
          slot instanceof MutableDirectory below ? freeze(below) : ((Leaf) slot).node());
    }
    return new Node.Directory(directory.metadata, children);
  }

  private static Slot slot(Node node, MutableDirectory parent) {
    return node instanceof Node.Directory directory ? copy(directory, parent) : new Leaf(node);
  }

  private static MutableDirectory copy(
      Node.Directory directory, @Nullable MutableDirectory parent) {
    var copy = new MutableDirectory(directory.metadata(), parent);
    directory.children().forEach((name, child) -> copy.children.put(name, slot(child, copy)));
    return copy;
  }

  private MutableDirectory parentOf(List<String> components, String path) throws TreeException {
    Deque<String> rest = new ArrayDeque<>(components.subList(0, components.size() - 1));
    MutableDirectory current = root;
    int links = 0;
    int depth = 0;
    while (!rest.isEmpty()) {
      String name = rest.pop();
      if (name.isEmpty() || name.equals(".")) {
        continue;
      }
      if (name.equals("..")) {
        // Only a link's target brings one here; as in a chroot, the root is its own parent.
        current = current.parent == null ? root : current.parent;
        continue;
      }
      Slot slot = current.children.get(name);
      if (slot == null) {
        if (name.length() > EntryPaths.MAX_NAME) {
          throw new TreeException(
              "The path '"
                  + ByteStrings.display(path)
                  + "' leads through a name longer than "
                  + EntryPaths.MAX_NAME
                  + " bytes: refused.");
        }
        var created = new MutableDirectory(Metadata.root(0755), current);
        current.children.put(name, created);
        current = created;
      } else if (slot instanceof MutableDirectory directory) {
        current = directory;
      } else if (((Leaf) slot).node() instanceof Node.Symlink link) {
        if (++links > MAX_LINKS) {
          throw new TreeException(
              "The path '"
                  + ByteStrings.display(path)
                  + "' leads through too many symbolic links: refused.");
        }
        if (link.target().startsWith("/")) {
          current = root;
        }
        pushParts(rest, link.target());
      } else {
        throw new TreeException(
            "The path '"
                + ByteStrings.display(path)
                + "' lies below '"
                + ByteStrings.display(name)
                + "', which is not a directory: refused.");
      }
      if (++depth > 100_000) {
        throw new TreeException(
            "The path '" + ByteStrings.display(path) + "' is too long: refused.");
      }
    }
    int height = 0;
    for (MutableDirectory d = current; d != null; d = d.parent) {
      height++;
    }
    if (height > EntryPaths.MAX_DEPTH + 1) {
      throw new TreeException(
          "The path '" + ByteStrings.display(path) + "' is nested too deep: refused.");
    }
    return current;
  }
}
