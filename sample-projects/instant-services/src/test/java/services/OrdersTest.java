package services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.junit.SandboxSetup;
import dev.sandboxed.junit.Sandboxed;
import dev.sandboxed.junit.SnapshotMode;
import dev.sandboxed.junit.Tunnel;
import java.net.InetSocketAddress;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

/** Twenty tests, each with a database that has the schema and its first rows. */
@PostgresSandbox
@Sandboxed(snapshot = SnapshotMode.AFTER_SETUP)
class OrdersTest {
  private static final AtomicInteger MIGRATIONS = new AtomicInteger();

  @BeforeAll
  static void needsItsTools() {
    Debian.assumeInstalled();
  }

  @SandboxSetup
  static void migrate(@Tunnel(5432) InetSocketAddress address) throws SQLException {
    MIGRATIONS.incrementAndGet();
    try (var database = Database.at(address)) {
      database.execute("create table orders (id serial primary key, item varchar not null)");
      database.execute("insert into orders (item) values ('apple'), ('pear')");
    }
  }

  @RepeatedTest(20)
  void addsTheThirdOrder(RepetitionInfo repetition, @Tunnel(5432) InetSocketAddress address)
      throws SQLException {
    var item = "item " + repetition.getCurrentRepetition();
    try (var database = Database.at(address)) {
      var id =
          database.query("insert into orders (item) values ('%s') returning id".formatted(item));

      assertThat(id).containsExactly("3");
      assertThat(database.query("select item from orders order by id"))
          .containsExactly("apple", "pear", item);
      database.execute("drop table orders");
    }
  }

  @AfterAll
  static void migratedOnce() {
    assertThat(MIGRATIONS).hasValue(1);
  }
}
