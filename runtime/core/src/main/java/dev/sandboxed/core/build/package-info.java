/** Carries out the steps of images in sandboxes, whichever backend starts these. */
@NullMarked
package dev.sandboxed.core.build;

import org.jspecify.annotations.NullMarked;
