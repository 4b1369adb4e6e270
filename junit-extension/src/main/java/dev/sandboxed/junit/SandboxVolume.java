package dev.sandboxed.junit;

import dev.sandboxed.Volume;
import java.lang.annotation.Documented;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Gives a sandbox a named volume, see {@link Volume#named}; used in {@link Sandboxed#volumes}.
 *
 * <pre>{@code
 * @Sandboxed(volumes = @SandboxVolume(name = "pip", target = "/cache"))
 * }</pre>
 */
@Documented
@Target({})
@Retention(RetentionPolicy.RUNTIME)
public @interface SandboxVolume {

  /**
   * Names the volume, which is made if it is missing.
   *
   * @return letters, digits, {@code .}, {@code _} and {@code -}, beginning with a letter or digit
   */
  String name();

  /**
   * Says where it appears inside.
   *
   * @return an absolute, normalised path other than {@code /}, {@code /root} and {@code /tmp}
   */
  String target();

  /**
   * Narrows it down to a directory in it.
   *
   * @return a relative path such as {@code a/b}; the whole volume unless set
   */
  String subPath() default "";

  /**
   * Lets the sandbox only read it.
   *
   * @return whether to
   */
  boolean readOnly() default false;
}
