package dev.sandboxed.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Inject where a port inside the test's sandbox is on the host.
 *
 * <p>On a field or a parameter of type {@link java.net.URI}, {@link java.net.InetSocketAddress},
 * {@code int} or {@link Integer} (the port on the host's loopback), or {@link
 * dev.sandboxed.PortTunnel}. The sandbox is the one that a parameter of type {@link
 * dev.sandboxed.Sandbox} without an annotation would get; if the field or parameter carries {@link
 * Sandboxed @Sandboxed} itself, it is a sandbox of its own.
 *
 * <pre>{@code
 * @Sandboxed
 * class ServerTest {
 *   @Test
 *   void answers(Sandbox sandbox, @Tunnel(8080) URI server) {
 *     sandbox.exec("python3", "-m", "http.server", "8080").start();
 *     // server is http://127.0.0.1:43121 or the like
 *   }
 * }
 * }</pre>
 *
 * <p>It needs no network policy. Nothing has to listen on the port when the test begins; until
 * something does, connections are reset.
 *
 * @see dev.sandboxed.Sandbox#tunnel
 */
@Documented
@Target({ElementType.FIELD, ElementType.PARAMETER, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(SandboxExtension.class)
public @interface Tunnel {

  /**
   * Names the TCP port inside.
   *
   * @return from 1 to 65535
   */
  int value();

  /**
   * Names the scheme of an injected URI.
   *
   * @return for example {@code https}; {@code http} unless set
   */
  String scheme() default "";
}
