/** Fetches a Git repository that nobody on this machine trusts, with nothing of it run here. */
@NullMarked
package dev.sandboxed.maven.git;

import org.jspecify.annotations.NullMarked;
