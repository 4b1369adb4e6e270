/** Fetches images from registries, which are hostile: everything is bounded and verified. */
@NullMarked
package dev.sandboxed.core.registry;

import org.jspecify.annotations.NullMarked;
