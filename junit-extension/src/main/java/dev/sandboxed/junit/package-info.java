/**
 * Sandboxes for JUnit tests: {@link dev.sandboxed.junit.Sandboxed @Sandboxed} is the place to
 * begin.
 */
@NullMarked
package dev.sandboxed.junit;

import org.jspecify.annotations.NullMarked;
