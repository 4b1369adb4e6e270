/** Snapshots of sandboxes with their memory, and the copies that start from them. */
@NullMarked
package dev.sandboxed.gvisor.memory;

import org.jspecify.annotations.NullMarked;
