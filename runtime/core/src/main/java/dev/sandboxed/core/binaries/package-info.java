/** Programs bundled as class path resources, unpacked once per user into a verified cache. */
@NullMarked
package dev.sandboxed.core.binaries;

import org.jspecify.annotations.NullMarked;
