package services;

import java.net.InetSocketAddress;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** A connection to a PostgreSQL behind a tunnel. */
record Database(Connection connection) implements AutoCloseable {

  static Database at(InetSocketAddress address) throws SQLException {
    return new Database(
        DriverManager.getConnection(
            "jdbc:postgresql://%s:%d/postgres"
                .formatted(address.getHostString(), address.getPort()),
            "postgres",
            ""));
  }

  void execute(String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Returns the first column. */
  List<String> query(String sql) throws SQLException {
    var found = new ArrayList<String>();
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        found.add(rows.getString(1));
      }
    }
    return found;
  }

  /** Tells one boot from another. */
  String boot() throws SQLException {
    return query("select pg_postmaster_start_time()").get(0);
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
