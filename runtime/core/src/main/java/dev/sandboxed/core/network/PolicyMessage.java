package dev.sandboxed.core.network;

import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.NetworkRule;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Writes a policy the way the protocol has it; see docs/protocol.md. */
public final class PolicyMessage {
  private PolicyMessage() {}

  /** Returns the members of the policy's JSON object. */
  public static Map<String, Object> of(NetworkPolicy policy) {
    return of(policy.allowsEverything(), policy.allowed(), policy.denied());
  }

  private static Map<String, Object> of(
      boolean everything, List<NetworkRule> allowed, List<NetworkRule> denied) {
    var message = new LinkedHashMap<String, Object>();
    message.put("everything", everything);
    message.put("allow", allowed.stream().map(PolicyMessage::rule).toList());
    message.put("deny", denied.stream().map(PolicyMessage::rule).toList());
    return message;
  }

  private static Map<String, Object> rule(NetworkRule rule) {
    var message = new LinkedHashMap<String, Object>();
    message.put("text", rule.text());
    rule.domain().ifPresent(domain -> message.put("domain", domain));
    rule.cidr().ifPresent(cidr -> message.put("cidr", cidr));
    if (rule.domain().isEmpty() && rule.cidr().isEmpty()) {
      message.put("any", true);
    }
    if (!rule.ports().isEmpty()) {
      message.put("ports", rule.ports().stream().map(p -> List.of(p.first(), p.last())).toList());
    }
    message.put(
        "protocols",
        rule.protocols().stream().map(p -> p.name().toLowerCase(Locale.ROOT)).sorted().toList());
    if (rule.allowsPrivateAddresses()) {
      message.put("private", true);
    }
    return message;
  }
}
