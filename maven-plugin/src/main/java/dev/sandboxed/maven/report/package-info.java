/**
 * Test results: read from what a sandbox left behind, which is hostile, and written as JUnit XML.
 */
@NullMarked
package dev.sandboxed.maven.report;

import org.jspecify.annotations.NullMarked;
