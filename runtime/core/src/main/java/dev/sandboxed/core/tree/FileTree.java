package dev.sandboxed.core.tree;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** An immutable tree of files. */
public record FileTree(Node.Directory root) {
  /** Gets every file of a tree. */
  @FunctionalInterface
  public interface Visitor {
    /** Takes a path as a byte string without a leading slash; the root's is empty. */
    void visit(String path, Node node) throws IOException;
  }

  /** Visits all files, each directory before what is in it, in the order of the names' bytes. */
  public void walk(Visitor visitor) throws IOException {
    walk("", root, visitor);
  }

  private static void walk(String path, Node node, Visitor visitor) throws IOException {
    visitor.visit(path, node);
    if (node instanceof Node.Directory directory) {
      for (Map.Entry<String, Node> child : directory.children().entrySet()) {
        walk(
            path.isEmpty() ? child.getKey() : path + "/" + child.getKey(),
            child.getValue(),
            visitor);
      }
    }
  }

  /**
   * Returns what lies at a path (a byte string, with or without a leading slash), following no
   * links.
   */
  public Optional<Node> find(String path) {
    Node node = root;
    for (String name : path.split("/", -1)) {
      if (name.isEmpty()) {
        continue;
      }
      if (!(node instanceof Node.Directory directory) || directory.children().get(name) == null) {
        return Optional.empty();
      }
      node = directory.children().get(name);
    }
    return Optional.of(node);
  }

  /**
   * Returns this tree with others laid over it in turn: directories join, anything else hides what
   * was there.
   */
  public FileTree overlaidWith(List<FileTree> upper) {
    Node.Directory result = root;
    for (FileTree tree : upper) {
      result = merge(result, tree.root);
    }
    return new FileTree(result);
  }

  private static Node.Directory merge(Node.Directory lower, Node.Directory upper) {
    var children = new TreeMap<String, Node>(lower.children());
    for (Map.Entry<String, Node> child : upper.children().entrySet()) {
      Node below = children.get(child.getKey());
      Node above = child.getValue();
      if (below instanceof Node.Directory lowerChild
          && above instanceof Node.Directory upperChild) {
        above = merge(lowerChild, upperChild);
      }
      children.put(child.getKey(), above);
    }
    return new Node.Directory(upper.metadata(), children);
  }

  /** Returns all paths in the order of {@link #walk}, without the root. */
  public List<String> paths() {
    var paths = new ArrayList<String>();
    try {
      walk(
          (path, node) -> {
            if (!path.isEmpty()) {
              paths.add(path);
            }
          });
    } catch (IOException e) {
      throw new AssertionError("listing does no input or output", e);
    }
    return paths;
  }
}
