/** Random operations by several processes, with crashes, against a simple model of the contract. */
@NullMarked
package dev.sandboxed.gvisor.model;

import org.jspecify.annotations.NullMarked;
