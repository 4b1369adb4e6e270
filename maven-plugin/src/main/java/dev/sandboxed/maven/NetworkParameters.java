package dev.sandboxed.maven;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.NetworkPolicy;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads the parameters of {@code sandbox:run} that open the network.
 *
 * @param allowed patterns and words; none for no network
 * @param denied patterns
 */
record NetworkParameters(@Nullable List<String> allowed, @Nullable List<String> denied) {

  /** Returns the policy; empty if the sandbox is to have no network. */
  Optional<NetworkPolicy> policy() {
    var denials = read("sandbox.network.deny", denied, NetworkPolicy::deny);
    var policy = read("sandbox.network", allowed, NetworkPolicy::parse);
    if (policy.isEmpty() && denials.isPresent()) {
      throw new InvalidSpecException(
          "sandbox.network.deny is set without sandbox.network, and nothing is reachable then; set"
              + " sandbox.network, or leave both out");
    }
    return policy.map(p -> denials.map(p::and).orElse(p));
  }

  private static Optional<NetworkPolicy> read(
      String name, @Nullable List<String> settings, Function<List<String>, NetworkPolicy> parse) {
    if (settings == null || settings.isEmpty()) {
      return Optional.empty();
    }
    try {
      // Maven splits at commas, and leaves the blanks beside them; an empty element is null to it.
      return Optional.of(
          parse.apply(settings.stream().map(s -> s == null ? "" : s.strip()).toList()));
    } catch (InvalidSpecException e) {
      throw new InvalidSpecException(name + ": " + e.getMessage(), e);
    }
  }
}
