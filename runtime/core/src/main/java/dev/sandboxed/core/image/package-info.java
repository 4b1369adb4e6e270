/** Turns images into files that a backend can mount, and keeps them. */
@NullMarked
package dev.sandboxed.core.image;

import org.jspecify.annotations.NullMarked;
