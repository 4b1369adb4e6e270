/** The client of the agent inside a sandbox. */
@NullMarked
package dev.sandboxed.core.agent;

import org.jspecify.annotations.NullMarked;
