@org.jspecify.annotations.NullMarked
package dev.sandboxed.junit.inside;
