/** Writes EROFS file system images. */
@NullMarked
package dev.sandboxed.core.erofs;

import org.jspecify.annotations.NullMarked;
