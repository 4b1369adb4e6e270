/** Servers that run builds, and what they read in a build's log. */
@NullMarked
package dev.sandboxed.maven.ci;

import org.jspecify.annotations.NullMarked;
