/**
 * Writes EROFS images: the read-only file system that the Linux kernel and gVisor mount from a
 * file.
 *
 * <p>Format facts are from the kernel's {@code Documentation/filesystems/erofs.rst} and {@code
 * fs/erofs/erofs_fs.h}; what gVisor accepts of it from its package {@code pkg/erofs}.
 */
@NullMarked
package dev.sandboxed.core.erofs;

import org.jspecify.annotations.NullMarked;
