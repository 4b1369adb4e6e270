/** Snapshots of file systems, and the sandboxes that start from them. */
@NullMarked
package dev.sandboxed.gvisor.snapshot;

import org.jspecify.annotations.NullMarked;
