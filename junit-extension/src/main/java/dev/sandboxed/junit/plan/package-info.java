/** Which tests JUnit is going to run. */
@NullMarked
package dev.sandboxed.junit.plan;

import org.jspecify.annotations.NullMarked;
