package services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.junit.Probe;
import dev.sandboxed.junit.Sandboxed;
import dev.sandboxed.junit.SnapshotMode;
import dev.sandboxed.junit.Tunnel;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import redis.clients.jedis.Jedis;

/** Twenty tests, each with a Redis that has one visit behind it: its own. */
@Sandboxed(
    imageFactory = Debian.Redis.class,
    command = {"redis-server", "--save", ""},
    memory = "256m",
    readyWhen = @Probe(tcp = 6379),
    snapshot = SnapshotMode.READY)
class RedisTest {
  private static final Boots BOOTS = new Boots();

  @BeforeAll
  static void needsItsTools() {
    Debian.assumeInstalled();
  }

  @RepeatedTest(20)
  void countsItsOwnVisitAlone(RepetitionInfo repetition, @Tunnel(6379) InetSocketAddress address) {
    try (var redis = new Jedis(address.getHostString(), address.getPort())) {
      assertThat(redis.dbSize()).isZero();

      assertThat(redis.incr("visits")).isEqualTo(1);
      redis.set("test", "" + repetition.getCurrentRepetition());

      assertThat(redis.keys("*")).containsExactlyInAnyOrder("visits", "test");
      assertThat(redis.get("test")).isEqualTo("" + repetition.getCurrentRepetition());
      assertThat(BOOTS.add(runId(redis))).hasSize(1);
    }
  }

  /** Tells one boot from another. */
  private static String runId(Jedis redis) {
    return redis
        .info("server")
        .lines()
        .filter(line -> line.startsWith("run_id:"))
        .findFirst()
        .orElseThrow();
  }
}
