package dev.sandboxed.junit;

import dev.sandboxed.SandboxBuilder;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Say in code what annotations cannot say about a test's sandboxes: settings that only the run
 * knows, or that {@link Sandboxed @Sandboxed} has no attribute for.
 *
 * <p>{@link Sandboxed#customizer} names the class, which is not abstract, has a constructor without
 * parameters, and is no inner class of an instance.
 *
 * <pre>{@code
 * class ProxiedTest {
 *   static class OwnDns implements SandboxCustomizer {
 *     @Override
 *     public void customize(SandboxBuilder builder, ExtensionContext context) {
 *       builder.dns(new InetSocketAddress("127.0.0.1", 5353));
 *       context.getConfigurationParameter("build.number").ifPresent(n -> builder.tag("build", n));
 *     }
 *   }
 *
 *   @Test
 *   @Sandboxed(customizer = OwnDns.class, network = "api.example.org")
 *   void asksTheLocalServer(Sandbox sandbox) {
 *     assertTrue(sandbox.exec("getent", "hosts", "api.example.org").await().isSuccess());
 *   }
 * }
 * }</pre>
 */
@FunctionalInterface
public interface SandboxCustomizer {
  /**
   * Changes what a sandbox is created from. An instance is made for each sandbox. What the
   * annotations and the configuration say is set already, but for {@link Sandboxed#files}, {@link
   * Sandboxed#snapshot} and {@link Sandboxed#joinAs}, which follow.
   *
   * @param builder what to change; its {@link SandboxBuilder#backend backend} is chosen by {@link
   *     Sandboxed#backend}, and calls to its {@code create} are the caller's own affair
   * @param context what the sandbox lives as long as: a test, or a class
   */
  void customize(SandboxBuilder builder, ExtensionContext context);
}
