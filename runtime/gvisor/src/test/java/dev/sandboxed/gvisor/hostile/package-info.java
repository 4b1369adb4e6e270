/** Programs inside that mean harm: each breaks its own sandbox at most. */
@NullMarked
package dev.sandboxed.gvisor.hostile;

import org.jspecify.annotations.NullMarked;
