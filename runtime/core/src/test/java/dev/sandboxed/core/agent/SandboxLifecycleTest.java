package dev.sandboxed.core.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxDetachedException;
import dev.sandboxed.SandboxFailedException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class SandboxLifecycleTest {
  private final SandboxLifecycle lifecycle =
      new SandboxLifecycle("sb-1", Sandbox.builder().build(), new Nowhere());

  @Test
  void a_call_after_the_connection_is_lost_fails_before_anybody_has_said_why() {
    assertThat(lifecycle.streamsEnd())
        .isInstanceOf(SandboxFailedException.class)
        .hasMessageContaining("sb-1")
        .hasMessageContaining("lost");
  }

  @Test
  void a_call_after_the_handle_was_closed_says_so() {
    lifecycle.letGo();

    assertThat(lifecycle.streamsEnd())
        .isInstanceOf(SandboxDetachedException.class)
        .hasMessageContaining("fromId");
  }

  /** Leads to no sandbox. */
  private record Nowhere() implements SandboxTransport {
    @Override
    public SocketChannel channel() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void kill() {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<String> released() {
      throw new UnsupportedOperationException();
    }
  }
}
