/** File trees as values: where images get their files from. */
@NullMarked
package dev.sandboxed.core.tree;

import org.jspecify.annotations.NullMarked;
