package dev.sandboxed.junit;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.PortTunnel;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFiles;
import java.lang.reflect.AnnotatedElement;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * What a field or parameter is given of its sandbox: the sandbox itself, its files, its properties
 * or a tunnel.
 *
 * @param target the field or parameter, for messages
 * @param type its type
 * @param tunnel its {@link Tunnel @Tunnel}, if it has one
 */
record Injection(String target, Class<?> type, Optional<Tunnel> tunnel) {
  private static final Class<?>[] TUNNEL_TYPES = {
    URI.class, InetSocketAddress.class, int.class, Integer.class, PortTunnel.class
  };

  /**
   * Checks what is asked for.
   *
   * @throws ExtensionConfigurationException if that cannot be given
   */
  static Injection of(AnnotatedElement element, Class<?> type, String target) {
    var tunnel = AnnotationSupport.findAnnotation(element, Tunnel.class);
    var injection = new Injection(target, type, tunnel);
    tunnel.ifPresentOrElse(injection::requireTunnel, injection::requireSandbox);
    return injection;
  }

  static boolean isTunnel(AnnotatedElement element) {
    return AnnotationSupport.isAnnotated(element, Tunnel.class);
  }

  static boolean isSandbox(Class<?> type) {
    return type == Sandbox.class || type == SandboxFiles.class || type == SandboxProperties.class;
  }

  /** Returns what to inject, for which an open sandbox is asked for once. */
  Object from(Settings settings, Supplier<? extends Sandbox> open) {
    if (type != SandboxProperties.class || tunnel.isPresent()) {
      return from(open.get());
    }
    var properties = settings.properties();
    properties.requireSome(target);
    return properties.of(open.get());
  }

  /** Returns what to inject, but for properties. */
  Object from(Sandbox sandbox) {
    if (tunnel.isPresent()) {
      return from(sandbox.tunnel(tunnel.get().value()), tunnel.get());
    }
    if (type == SandboxProperties.class) {
      throw new ExtensionConfigurationException(
          "%s cannot have properties, which are those of the copies; ask for @Tunnel or the Sandbox"
              .formatted(target));
    }
    return type == SandboxFiles.class ? sandbox.files() : sandbox;
  }

  private Object from(PortTunnel opened, Tunnel declared) {
    if (type == URI.class) {
      return declared.scheme().isEmpty() ? opened.uri() : opened.uri(declared.scheme());
    }
    if (type == InetSocketAddress.class) {
      return opened.address();
    }
    return type == PortTunnel.class ? opened : (Object) opened.address().getPort();
  }

  private void requireTunnel(Tunnel declared) {
    if (Stream.of(TUNNEL_TYPES).noneMatch(type::equals)) {
      throw new ExtensionConfigurationException(
          "@Tunnel %s must be of one of the types %s but is of type %s."
              .formatted(
                  target,
                  Stream.of(TUNNEL_TYPES).map(Class::getName).collect(Collectors.joining(", ")),
                  type.getName()));
    }
    if (!declared.scheme().isEmpty() && type != URI.class) {
      throw new ExtensionConfigurationException(
          "@Tunnel(scheme = \"%s\") on %s has no meaning for the type %s; leave the scheme out, or use %s."
              .formatted(declared.scheme(), target, type.getName(), URI.class.getName()));
    }
    try {
      // Checked before a sandbox is started for it.
      var any = new PortTunnel(declared.value(), new InetSocketAddress(0));
      if (!declared.scheme().isEmpty()) {
        any.uri(declared.scheme());
      }
    } catch (InvalidSpecException e) {
      throw new ExtensionConfigurationException(
          "@Tunnel(%d) on %s: %s".formatted(declared.value(), target, e.getMessage()), e);
    }
  }

  private void requireSandbox() {
    if (!isSandbox(type)) {
      throw new ExtensionConfigurationException(
          "@Sandboxed %s must be of type %s, %s or %s but is of type %s."
              .formatted(
                  target,
                  Sandbox.class.getName(),
                  SandboxFiles.class.getName(),
                  SandboxProperties.class.getName(),
                  type.getName()));
    }
  }
}
