/** Upstream projects, run on the host and through {@code sandbox:run}. */
@NullMarked
package dev.sandboxed.realinput;

import org.jspecify.annotations.NullMarked;
