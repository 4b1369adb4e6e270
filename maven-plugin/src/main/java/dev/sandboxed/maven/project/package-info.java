/** Recognises projects by their files, and plans how their test suites run in a sandbox. */
@NullMarked
package dev.sandboxed.maven.project;

import org.jspecify.annotations.NullMarked;
