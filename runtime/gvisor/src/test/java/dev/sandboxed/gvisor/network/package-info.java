/**
 * What sandboxes reach of a network, and who reaches them: through the public API, with real parts.
 */
@NullMarked
package dev.sandboxed.gvisor.network;

import org.jspecify.annotations.NullMarked;
