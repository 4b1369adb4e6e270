/** The goals of the Maven plugin. */
@NullMarked
package dev.sandboxed.maven;

import org.jspecify.annotations.NullMarked;
