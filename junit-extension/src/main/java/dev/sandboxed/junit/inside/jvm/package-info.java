/**
 * What runs in the sandbox: the main class of a JVM that gets the ids of tests, runs them and
 * reports what happens. It uses JUnit and the JDK only, since the class path it runs on is that of
 * the tests.
 */
@NullMarked
package dev.sandboxed.junit.inside.jvm;

import org.jspecify.annotations.NullMarked;
