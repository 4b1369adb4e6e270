/**
 * AssertJ assertions for sandboxes, what runs in them and their files: {@link
 * dev.sandboxed.assertj.SandboxAssertions} is the place to begin.
 */
@NullMarked
package dev.sandboxed.assertj;

import org.jspecify.annotations.NullMarked;
