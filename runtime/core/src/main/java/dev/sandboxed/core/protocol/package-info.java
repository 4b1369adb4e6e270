/** The frames that the agent, the keeper and this library exchange. */
@NullMarked
package dev.sandboxed.core.protocol;

import org.jspecify.annotations.NullMarked;
