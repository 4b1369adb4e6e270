/**
 * Volumes as directories of the host. Code in sandboxes can change what is in them at any time, so
 * every access goes from directory to directory by open handles, and no link is followed.
 */
@NullMarked
package dev.sandboxed.core.volume;

import org.jspecify.annotations.NullMarked;
