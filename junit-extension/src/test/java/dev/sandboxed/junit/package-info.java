@NullMarked
package dev.sandboxed.junit;

import org.jspecify.annotations.NullMarked;
