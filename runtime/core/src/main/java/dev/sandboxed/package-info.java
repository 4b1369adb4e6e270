/**
 * Starts and drives gVisor sandboxes: {@link dev.sandboxed.Sandbox} is the place to begin.
 *
 * <p>Specs and results are immutable values; handles are thread-safe. Every error is a {@link
 * dev.sandboxed.SandboxException}, unchecked, that says what was wrong, with which value, and what
 * to do next.
 */
@NullMarked
package dev.sandboxed;

import org.jspecify.annotations.NullMarked;
