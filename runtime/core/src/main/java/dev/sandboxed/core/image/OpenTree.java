package dev.sandboxed.core.image;

import dev.sandboxed.core.tree.FileTree;
import java.io.Closeable;
import java.io.IOException;

/** A tree whose contents can be read until it is closed. */
interface OpenTree extends AutoCloseable {
  FileTree tree();

  /**
   * Says no, once all was read, if the source turns out to be damaged, or to have changed
   * meanwhile.
   */
  default void check() throws IOException {}

  @Override
  void close() throws IOException;

  /** Opens a tree when it is needed, which may mean to fetch it. */
  @FunctionalInterface
  interface Source {
    OpenTree open() throws IOException;
  }

  static OpenTree of(FileTree tree, Closeable closed) {
    return new OpenTree() {
      @Override
      public FileTree tree() {
        return tree;
      }

      @Override
      public void close() throws IOException {
        closed.close();
      }
    };
  }

  static OpenTree of(FileTree tree) {
    return of(tree, () -> {});
  }
}
