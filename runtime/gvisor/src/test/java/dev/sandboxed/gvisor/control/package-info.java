/** Sandboxes that live on their own: names, tags, lists, handles from elsewhere. */
@NullMarked
package dev.sandboxed.gvisor.control;

import org.jspecify.annotations.NullMarked;
