/** What planners saw in sandboxes, kept for later runs, which then need not look again. */
@NullMarked
package dev.sandboxed.maven.recall;

import org.jspecify.annotations.NullMarked;
