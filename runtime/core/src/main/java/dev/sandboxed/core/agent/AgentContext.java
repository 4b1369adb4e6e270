package dev.sandboxed.core.agent;

import dev.sandboxed.SecretMask;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * What the calls on one sandbox share.
 *
 * @param connection the way to the agent
 * @param executor where work of users runs, and what takes long
 * @param env the environment of every process inside, secrets included
 * @param workdir where processes start and relative paths begin
 * @param user who runs processes, unless they are told otherwise; root if empty
 * @param log where calls are noted
 * @param mask takes the secrets out of messages
 */
record AgentContext(
    AgentConnection connection,
    Executor executor,
    Map<String, String> env,
    String workdir,
    Optional<String> user,
    CallLog log,
    SecretMask mask) {

  /** Shows no environment, which may hold secrets. */
  @Override
  public String toString() {
    return "AgentContext[workdir=" + workdir + "]";
  }
}
