package dev.sandboxed.junit;

import dev.sandboxed.Mount;
import java.lang.annotation.Documented;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Shows a host directory or file inside a sandbox; used in {@link Sandboxed#mounts}.
 *
 * <pre>{@code
 * @Sandboxed(mounts = @SandboxMount(source = "src/test/data", target = "/data"))
 * }</pre>
 */
@Documented
@Target({})
@Retention(RetentionPolicy.RUNTIME)
public @interface SandboxMount {

  /**
   * Names the host directory or file.
   *
   * @return a path; a relative one starts at the working directory of the tests, which is the
   *     module's directory under Maven and Gradle
   */
  String source();

  /**
   * Says where it appears inside.
   *
   * @return an absolute, normalised path other than {@code /}, {@code /root} and {@code /tmp}
   */
  String target();

  /**
   * Says what writes inside do.
   *
   * @return copy-on-write unless set: the host's files are never touched
   */
  Mount.Access access() default Mount.Access.COPY_ON_WRITE;
}
