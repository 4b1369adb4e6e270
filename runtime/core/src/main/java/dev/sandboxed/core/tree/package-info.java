/**
 * File trees as immutable values, and the ways in and out of them: host directories, tar archives
 * and memory.
 *
 * <p>Linux file names are bytes. Here they are <em>byte strings</em>: {@link java.lang.String}s
 * whose characters are all below 256, one per byte, so that a name that is not UTF-8 survives (see
 * {@link dev.sandboxed.core.tree.ByteStrings}).
 */
@NullMarked
package dev.sandboxed.core.tree;

import org.jspecify.annotations.NullMarked;
