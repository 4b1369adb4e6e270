package dev.sandboxed.core.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class OutboxTest {
  private final NarrowChannel channel = new NarrowChannel();
  private final AtomicInteger woken = new AtomicInteger();
  private final Outbox outbox = new Outbox(channel, woken::incrementAndGet);

  @Test
  void writes_together_what_is_sent_together() {
    outbox.together(
        () -> {
          outbox.send(bytes("open "));
          outbox.send(bytes("credit "), bytes("credit"));
        });
    outbox.send(bytes("."));
    assertThat(channel.writes).containsExactly("open credit credit", ".");
    assertThat(woken).hasValue(0);
  }

  @Test
  void keeps_the_order_behind_what_still_waits() {
    channel.room = 3;
    outbox.send(bytes("before "));
    assertThat(woken).hasValue(1);
    outbox.together(
        () -> {
          outbox.send(bytes("open "));
          outbox.send(bytes("credit"));
        });
    assertThat(woken).hasValue(2);
    channel.room = 100;
    assertThat(outbox.drain()).isTrue();
    assertThat(String.join("", channel.writes)).isEqualTo("before open credit");
  }

  @Test
  void drops_what_is_sent_together_after_the_end() {
    outbox.close();
    outbox.together(() -> outbox.send(bytes("open")));
    assertThat(channel.writes).isEmpty();
    assertThat(woken).hasValue(0);
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }

  /** Takes as much as it has room for, without waiting. */
  private static final class NarrowChannel implements GatheringByteChannel {
    private final List<String> writes = new ArrayList<>();
    private int room = 100;

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) {
      var taken = new StringBuilder();
      for (var source : List.of(sources).subList(offset, offset + length)) {
        var part = new byte[Math.min(room, source.remaining())];
        source.get(part);
        room -= part.length;
        taken.append(new String(part, UTF_8));
      }
      if (!taken.isEmpty()) {
        writes.add(taken.toString());
      }
      return taken.length();
    }

    @Override
    public long write(ByteBuffer[] sources) {
      return write(sources, 0, sources.length);
    }

    @Override
    public int write(ByteBuffer source) {
      return (int) write(new ByteBuffer[] {source}, 0, 1);
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
