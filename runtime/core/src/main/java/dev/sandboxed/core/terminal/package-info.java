/** Shows people at a terminal how far something is. */
@NullMarked
package dev.sandboxed.core.terminal;

import org.jspecify.annotations.NullMarked;
