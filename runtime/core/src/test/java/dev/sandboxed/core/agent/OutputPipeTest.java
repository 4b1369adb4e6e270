package dev.sandboxed.core.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class OutputPipeTest {

  @Property(tries = 200)
  void hands_out_every_byte_in_order_and_never_grants_more_than_the_window(
      @ForAll @Size(min = 1, max = 60) int @IntRange(min = 1, max = 5000) [] pieces)
      throws IOException {
    var granted = new AtomicLong();
    var pipe = OutputPipe.ofWindow(4096);
    pipe.open(granted::addAndGet);
    long sent = 0;
    long read = 0;
    var buffer = new byte[3000];
    for (var piece : pieces) {
      var count = (int) Math.min(Math.abs(piece % 5000) + 1, granted.get() - sent);
      var bytes = new byte[count];
      for (var i = 0; i < count; i++) {
        bytes[i] = (byte) (sent + i);
      }
      pipe.data(ByteBuffer.wrap(bytes));
      sent += count;
      while (pipe.available() > 0) {
        var got = pipe.read(buffer, 0, buffer.length);
        for (var i = 0; i < got; i++) {
          assertThat(buffer[i]).isEqualTo((byte) (read + i));
        }
        read += got;
      }
      assertThat(granted.get() - read).isBetween(1L, 4096L);
    }
    assertThat(read).isEqualTo(sent);
  }

  @Test
  void hands_out_what_it_holds_before_it_fails() throws IOException {
    var pipe = OutputPipe.ofWindow(100);
    pipe.open(bytes -> {});
    pipe.data(ByteBuffer.wrap(new byte[3]));
    pipe.fail(new IllegalStateException("gone"));

    assertThat(pipe.read(new byte[10], 0, 10)).isEqualTo(3);
    assertThatIllegalStateException().isThrownBy(() -> pipe.read(new byte[1], 0, 1));
  }

  @Test
  void pays_for_what_is_discarded() {
    var granted = new AtomicLong();
    var pipe = OutputPipe.ofWindow(1000);
    pipe.open(granted::addAndGet);
    pipe.data(ByteBuffer.wrap(new byte[1000]));
    pipe.discard();
    assertThat(granted).hasValue(2000);
    pipe.data(ByteBuffer.wrap(new byte[600]));
    assertThat(granted).hasValue(2600);
    assertThat(pipe.available()).isZero();
  }
}
