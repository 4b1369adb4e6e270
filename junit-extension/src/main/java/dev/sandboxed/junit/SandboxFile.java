package dev.sandboxed.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Puts a file into a sandbox before anything runs in it; used in {@link Sandboxed#files}. It comes
 * from one of {@link #resource}, {@link #path} and {@link #content}.
 *
 * <pre>{@code
 * @Sandboxed(
 *     files = {
 *       @SandboxFile(resource = "schema.sql", target = "/docker-entrypoint-initdb.d/schema.sql"),
 *       @SandboxFile(content = "max_connections = 10\n", target = "/srv/extra.conf", mode = "0600")
 *     })
 * }</pre>
 *
 * <p>It is a step of the image, as {@link dev.sandboxed.Image#copy} is: kept in the user's cache
 * with the image, so that it is no place for secrets.
 */
@Documented
@Target({})
@Retention(RetentionPolicy.RUNTIME)
public @interface SandboxFile {

  /**
   * Names a file of the class path, or a directory that is not in a jar.
   *
   * @return a name as {@link Class#getResource} reads it: relative to the class that the annotation
   *     stands in, or from the top of the class path if it begins with a slash
   */
  String resource() default "";

  /**
   * Names a file or directory of the host.
   *
   * @return a path; a relative one starts at the working directory of the tests, which is the
   *     module's directory under Maven and Gradle
   */
  String path() default "";

  /**
   * Says in words what is in the file.
   *
   * @return the content, which is written in UTF-8
   */
  String content() default "";

  /**
   * Says where it is put; directories above it are made. The contents of a directory are put into
   * what the image has there.
   *
   * @return an absolute, normalised path; with {@link Sandboxed#image host}, none within the tools
   *     that the host shows, such as {@code /usr}
   */
  String target();

  /**
   * Sets the permissions.
   *
   * @return an octal number such as {@code 0755}; unless set, those of a host's file or directory,
   *     and 0644 for anything else. A directory has none but its own
   */
  String mode() default "";

  /**
   * Sets the owner.
   *
   * @return a name that the image knows or a number, perhaps with a group: {@code postgres}, {@code
   *     1000:1000}; root unless set
   */
  String owner() default "";
}
