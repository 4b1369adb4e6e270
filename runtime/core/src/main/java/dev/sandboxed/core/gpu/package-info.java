/**
 * The host's graphics processors: found in its Container Device Interface files, and turned into
 * what a sandbox needs of them.
 *
 * <p>Hooks are never run: what the common ones do is done by mounts and variables, and any other is
 * refused.
 */
@NullMarked
package dev.sandboxed.core.gpu;

import org.jspecify.annotations.NullMarked;
