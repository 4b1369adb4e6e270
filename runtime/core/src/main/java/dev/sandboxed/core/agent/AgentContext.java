package dev.sandboxed.core.agent;

import dev.sandboxed.SecretMask;
import java.util.Map;
import java.util.concurrent.Executor;

/**
 * What the calls on one sandbox share.
 *
 * @param connection the way to the agent
 * @param executor where work of users runs, and what takes long
 * @param env the environment of every process inside, secrets included
 * @param workdir where processes start and relative paths begin
 * @param log where calls are noted
 * @param mask takes the secrets out of messages
 */
record AgentContext(
    AgentConnection connection,
    Executor executor,
    Map<String, String> env,
    String workdir,
    CallLog log,
    SecretMask mask) {

  /** Shows no environment, which may hold secrets. */
  @Override
  public String toString() {
    return "AgentContext[workdir=" + workdir + "]";
  }
}
