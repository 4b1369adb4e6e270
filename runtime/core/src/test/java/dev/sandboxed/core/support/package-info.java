/** What the tests of several packages share. */
@NullMarked
package dev.sandboxed.core.support;

import org.jspecify.annotations.NullMarked;
