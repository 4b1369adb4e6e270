/** What backends tell their keepers about networks. */
@NullMarked
package dev.sandboxed.core.network;

import org.jspecify.annotations.NullMarked;
