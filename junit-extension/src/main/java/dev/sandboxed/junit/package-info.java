/** Sandboxes for JUnit tests. */
@NullMarked
package dev.sandboxed.junit;

import org.jspecify.annotations.NullMarked;
