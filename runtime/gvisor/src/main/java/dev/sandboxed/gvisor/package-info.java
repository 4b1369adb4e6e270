/** The embedded backend: gVisor, run as an ordinary user. */
@NullMarked
package dev.sandboxed.gvisor;

import org.jspecify.annotations.NullMarked;
