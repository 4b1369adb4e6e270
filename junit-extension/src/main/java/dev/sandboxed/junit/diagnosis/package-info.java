/** Finds out what is to be known of a sandbox whose test has failed, within a limit of time. */
@NullMarked
package dev.sandboxed.junit.diagnosis;

import org.jspecify.annotations.NullMarked;
