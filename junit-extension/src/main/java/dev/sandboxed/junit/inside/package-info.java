/** The engine that runs the bodies of tests in sandboxes, and replays what they report. */
@NullMarked
package dev.sandboxed.junit.inside;

import org.jspecify.annotations.NullMarked;
