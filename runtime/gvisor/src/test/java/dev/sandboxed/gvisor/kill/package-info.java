/** Sudden deaths: whatever is killed, nothing is left behind. */
@NullMarked
package dev.sandboxed.gvisor.kill;

import org.jspecify.annotations.NullMarked;
