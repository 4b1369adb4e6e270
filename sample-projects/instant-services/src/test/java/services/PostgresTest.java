package services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.junit.Tunnel;
import java.net.InetSocketAddress;
import java.sql.SQLException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

/** Twenty tests, each with an empty database. */
@PostgresSandbox
class PostgresTest {
  private static final Boots BOOTS = new Boots();

  @BeforeAll
  static void needsItsTools() {
    Debian.assumeInstalled();
  }

  @RepeatedTest(20)
  void createsItsTable(RepetitionInfo repetition, @Tunnel(5432) InetSocketAddress address)
      throws SQLException {
    try (var database = Database.at(address)) {
      database.execute("create table note (text varchar)");
      database.execute(
          "insert into note values ('of test %d')".formatted(repetition.getCurrentRepetition()));

      assertThat(database.query("select text from note"))
          .containsExactly("of test " + repetition.getCurrentRepetition());
      assertThat(BOOTS.add(database.boot())).hasSize(1);
    }
  }
}
