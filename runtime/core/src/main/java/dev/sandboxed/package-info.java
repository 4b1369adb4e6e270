/** Sandboxes: isolated machines for tests and builds, made, driven and ended from Java. */
@NullMarked
package dev.sandboxed;

import org.jspecify.annotations.NullMarked;
