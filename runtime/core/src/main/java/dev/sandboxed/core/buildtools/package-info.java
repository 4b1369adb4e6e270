/**
 * What the user's own build tools are configured to download from, asked of those tools when it is
 * needed. No name of a host is written here.
 *
 * <p>Tools run outside of any project, in {@code /}: what a checkout brings along as configuration
 * is as little to be trusted as its code. Credentials stay where they are: what these classes hand
 * on has none.
 */
@NullMarked
package dev.sandboxed.core.buildtools;

import org.jspecify.annotations.NullMarked;
