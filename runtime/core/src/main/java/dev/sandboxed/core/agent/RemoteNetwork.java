package dev.sandboxed.core.agent;

import static dev.sandboxed.core.protocol.ProtocolException.Rule.CONVERSATION;

import dev.sandboxed.Connection;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.NetworkSpec;
import dev.sandboxed.PortTunnel;
import dev.sandboxed.SandboxException;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Drives what a sandbox has of a network, through its keeper. Thread-safe. */
final class RemoteNetwork {
  private static final byte[] LOOPBACK = {127, 0, 0, 1};

  private final String id;
  private final AgentContext context;
  private final SandboxLifecycle lifecycle;
  private final Function<NetworkPolicy, JsonObject> messages;
  private final boolean device;
  private final Map<Integer, PortTunnel> tunnels = new ConcurrentHashMap<>();
  private final ConnectionEvents events;
  private final Object changing = new Object();
  private volatile NetworkPolicy policy;
  private boolean warned;

  RemoteNetwork(AgentSandbox.Origin origin, AgentContext context, SandboxLifecycle lifecycle) {
    this.id = origin.id();
    this.context = context;
    this.lifecycle = lifecycle;
    messages = origin.policies();
    var spec = origin.spec().network();
    device = spec.policy().isPresent() || !spec.networks().isEmpty();
    policy = spec.policy().orElse(NetworkPolicy.none());
    events = new ConnectionEvents(context.log()::refused);
  }

  /**
   * Begins to follow what is tried.
   *
   * @param declared the ports that have a tunnel already, with their ports on the host
   */
  void start(Map<Integer, Integer> declared) {
    declared.forEach((port, outside) -> tunnels.put(port, tunnel(port, outside)));
    warnOf(policy);
    if (device) {
      context.connection().begin(context.connection().prepare(connections(true, events)));
    }
  }

  /** Makes a port inside reachable, once. */
  PortTunnel tunnel(int port) {
    if (port < 1 || port > 65_535) {
      throw new InvalidSpecException(
          "There is no port %d; ports are numbers from 1 to 65535".formatted(port));
    }
    var known = lifecycle.ended().isDone() ? null : tunnels.get(port);
    if (known != null) {
      return known;
    }
    var opened =
        call(
            Request.of(
                Map.of("op", "tunnel", "port", port),
                ok -> tunnel(port, ok),
                error -> tunnelRefused(port, error)),
            "the tunnel to port " + port);
    tunnels.put(port, opened);
    return opened;
  }

  /**
   * Returns the policy in force, whichever handle put it there; the last that is known at the end.
   */
  NetworkPolicy policy() {
    if (!device || lifecycle.ended().isDone()) {
      return policy;
    }
    try {
      synchronized (changing) {
        policy =
            call(
                Request.of(
                    Map.of("op", "description"),
                    ok -> ok.object("description").map(SpecMessage::policy).orElse(policy),
                    this::notTold),
                "the network policy");
        return policy;
      }
    } catch (SandboxException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      // It is ending.
      lifecycle.awaitEnd(e);
      return policy;
    }
  }

  /** Replaces the policy; returns how many connections were cut. */
  int change(NetworkPolicy wanted) {
    if (!device && !lifecycle.ended().isDone()) {
      throw new SandboxException(
          "The network policy of the sandbox %s cannot be changed: it was created without a network. Create it with network(NetworkPolicy.none()) to open it later"
              .formatted(id));
    }
    // In turn, so that the last change is also the one that is told.
    synchronized (changing) {
      var cut =
          call(
              Request.of(
                  Map.of(
                      "op",
                      "policy",
                      "policy",
                      messages.apply(wanted),
                      "description",
                      SpecMessage.policy(wanted)),
                  ok -> (int) Math.max(0, ok.number("cut").orElse(0)),
                  this::changeRefused),
              "the change of the network policy");
      policy = wanted;
      warnOf(wanted);
      return cut;
    }
  }

  /** Returns what was tried, up to now, or up to the end of the sandbox. */
  List<Connection> tried() {
    if (!device) {
      return List.of();
    }
    try {
      // What was followed may lag behind what a program inside has been told already.
      var upToNow = new ConnectionEvents(refused -> {});
      call(connections(false, upToNow), "the list of connections");
      return upToNow.list();
    } catch (SandboxException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      // The sandbox is ending, or too busy to answer: what was followed is all there will be.
      return events.list();
    }
  }

  private Request<FileRequests.Done> connections(boolean follow, ConnectionEvents into) {
    return Request.of(
            Map.of("op", "connections", "follow", follow),
            ok -> new FileRequests.Done(),
            error ->
                new SandboxException(
                    "The connections of the sandbox %s cannot be listed: %s (%s)"
                        .formatted(id, error.message(), error.kind())))
        .withOutput(into);
  }

  private <T> T call(Request<T> request, String what) {
    var stream = context.connection().prepare(request);
    context.log().note(stream.answer(), () -> what, answer -> "done");
    context.connection().begin(stream);
    return Waits.join(stream.answer(), what, stream::cancel);
  }

  private void warnOf(NetworkPolicy allowed) {
    if (allowed.allowsEverything() && !warned) {
      warned = true;
      System.getLogger("dev.sandboxed")
          .log(
              Level.WARNING,
              "The sandbox %s may reach every public destination: code inside can send out whatever it finds there. Allow what it needs by name instead of NetworkPolicy.everything()"
                  .formatted(id));
    }
  }

  private SandboxException tunnelRefused(int port, AgentError error) {
    return new SandboxException(
        error.kind().equals("TOO_MANY")
            ? "Port %d of the sandbox %s gets no tunnel: it has %d already, or too many calls are open (%s); use fewer ports"
                .formatted(port, id, NetworkSpec.MAX_PORTS, error.message())
            : "Port %d of the sandbox %s gets no tunnel: %s (%s)"
                .formatted(port, id, error.message(), error.kind()));
  }

  private SandboxException notTold(AgentError error) {
    return new SandboxException(
        "The network policy of the sandbox %s is not told: %s (%s)"
            .formatted(id, error.message(), error.kind()));
  }

  private SandboxException changeRefused(AgentError error) {
    return new SandboxException(
        "The network policy of the sandbox %s was not changed: %s (%s)"
            .formatted(id, error.message(), error.kind()));
  }

  private static PortTunnel tunnel(int port, JsonObject ok) throws ProtocolException {
    var outside = ok.number("port").orElse(0);
    if (!ok.string("host").orElse("").equals("127.0.0.1") || outside < 1 || outside > 65_535) {
      throw new ProtocolException(CONVERSATION, "a tunnel that is not on the loopback");
    }
    return tunnel(port, (int) outside);
  }

  private static PortTunnel tunnel(int port, int outside) {
    try {
      return new PortTunnel(
          port, new InetSocketAddress(InetAddress.getByAddress(LOOPBACK), outside));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }
}
