/** Reads Dockerfiles, which are hostile, and says what images they describe. */
@NullMarked
package dev.sandboxed.core.dockerfile;

import org.jspecify.annotations.NullMarked;
