/** What a sandbox costs. */
@NullMarked
package dev.sandboxed.benchmarks;

import org.jspecify.annotations.NullMarked;
