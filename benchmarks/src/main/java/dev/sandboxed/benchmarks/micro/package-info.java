/** What is measured inside of one process, by JMH. */
@NullMarked
package dev.sandboxed.benchmarks.micro;

import org.jspecify.annotations.NullMarked;
