package dev.sandboxed.gvisor;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.NetworkSpec;
import dev.sandboxed.SandboxNetwork;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.buildtools.BuildToolAccess;
import dev.sandboxed.core.buildtools.BuildTools;
import dev.sandboxed.core.network.HostProxy;
import dev.sandboxed.core.network.PolicyMessage;
import dev.sandboxed.core.protocol.JsonObject;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Writes what a keeper has to know about a sandbox's network. Thread-safe. */
final class NetworkStart {
  /** What a sandbox calls itself. */
  static final String HOSTNAME = "sandbox";

  private final Settings settings;
  private final BuildTools tools;
  private final AtomicBoolean complained = new AtomicBoolean();

  NetworkStart(Settings settings, BuildTools tools) {
    this.settings = settings;
    this.tools = tools;
  }

  /** Returns the start message's member; empty if the sandbox has nothing of a network. */
  Optional<JsonObject> of(NetworkSpec spec) {
    if (spec.equals(NetworkSpec.closed())) {
      return Optional.empty();
    }
    var message = new LinkedHashMap<String, @Nullable Object>();
    message.put("policy", spec.policy().map(this::policy).orElse(null));
    if (!spec.dns().isEmpty()) {
      message.put("dns", spec.dns().stream().map(NetworkStart::text).toList());
    } else if (spec.policy().isPresent()) {
      // Of use to egress only. Names of the user's own servers mean nothing to the host's proxy.
      message.put("proxy", proxy(spec).map(HostProxy::message).orElse(null));
    }
    message.put("hostname", HOSTNAME);
    if (!spec.ports().isEmpty()) {
      message.put("ports", spec.ports());
    }
    if (!spec.networks().isEmpty()) {
      message.put(
          "networks",
          spec.networks().entrySet().stream().map(e -> member(e.getKey(), e.getValue())).toList());
    }
    return Optional.of(JsonObject.of(message));
  }

  /** Writes a policy the way keepers read it. */
  JsonObject policy(NetworkPolicy policy) {
    return JsonObject.of(
        PolicyMessage.of(policy.usesBuildTools() ? policy.and(tools.access().policy()) : policy));
  }

  /** Returns what tells the tools inside to download from where those of the host do. */
  Optional<BuildToolAccess> toolsInside(NetworkSpec spec) {
    return usesBuildTools(spec) ? Optional.of(tools.access()) : Optional.empty();
  }

  /** Returns the user's proxy; one that only build tools are configured with serves these. */
  private Optional<HostProxy> proxy(NetworkSpec spec) {
    var proxy = HostProxy.of(settings).or(() -> toolsInside(spec).flatMap(BuildToolAccess::proxy));
    if (proxy.isEmpty() && complained.compareAndSet(false, true)) {
      HostProxy.complaint(settings)
          .ifPresent(text -> System.getLogger("dev.sandboxed").log(Level.WARNING, text));
    }
    return proxy;
  }

  private static boolean usesBuildTools(NetworkSpec spec) {
    return spec.policy().filter(NetworkPolicy::usesBuildTools).isPresent();
  }

  private static Map<String, Object> member(SandboxNetwork network, String name) {
    if (!(network instanceof DirectoryNetwork own)) {
      throw new InvalidSpecException(
          "The network %s was made by another backend; create it with that of its sandboxes"
              .formatted(network.id()));
    }
    return Map.of("directory", own.directory(name).toString(), "name", name);
  }

  private static String text(InetSocketAddress address) {
    var host = address.getAddress().getHostAddress();
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address.getPort();
  }
}
