package dev.sandboxed.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Says by which property an application under test finds what runs in a sandbox; used in {@link
 * Sandboxed#properties}, and handed to the application by {@link SandboxProperties}.
 *
 * <pre>{@code
 * @Sandboxed(
 *     env = "POSTGRES_PASSWORD=of-the-test",
 *     properties = {
 *       @SandboxProperty(
 *           name = "spring.datasource.url",
 *           value = "jdbc:postgresql://${host}:${port:5432}/app"),
 *       @SandboxProperty(name = "spring.datasource.password", value = "${env:POSTGRES_PASSWORD}")
 *     })
 * }</pre>
 */
@Documented
@Target({})
@Retention(RetentionPolicy.RUNTIME)
public @interface SandboxProperty {

  /**
   * Names the property.
   *
   * @return for example {@code spring.datasource.url}
   */
  String name();

  /**
   * Says its value, in which these are replaced:
   *
   * <ul>
   *   <li><code>${port:5432}</code>: the port on the host that leads to this one inside
   *   <li><code>${host:5432}</code>: the address on the host that leads to it; <code>${host}</code>
   *       is that of the first port that is named in the value, or else in {@link Sandboxed#ports}
   *   <li><code>${address:5432}</code>: both, such as {@code 127.0.0.1:43121}
   *   <li><code>${uri:8080}</code>: the address as a URI of HTTP
   *   <li><code>${env:NAME}</code>: the sandbox's environment variable or secret of the name, as
   *       {@link Sandboxed#env} and {@link Sandboxed#secrets} give it
   *   <li><code>$${</code>: the characters <code>${</code>
   * </ul>
   *
   * @return the value
   */
  String value();
}
