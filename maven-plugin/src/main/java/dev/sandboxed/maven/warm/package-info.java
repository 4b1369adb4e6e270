/** What runs inside to have a build tool warm before it is needed. */
@NullMarked
package dev.sandboxed.maven.warm;

import org.jspecify.annotations.NullMarked;
