package services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.junit.SandboxProperties;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** A Spring Boot application whose data source is in a sandbox, which lives as long as the class. */
@NeedsDebian
@SpringBootTest(
    classes = SpringDataSourceTest.Application.class,
    webEnvironment = WebEnvironment.NONE)
// Its connections would be to a sandbox that has ended.
@DirtiesContext
@TestMethodOrder(OrderAnnotation.class)
class SpringDataSourceTest {
  @PostgresSandbox static SandboxProperties database;

  @Configuration
  @EnableAutoConfiguration
  static class Application {}

  @DynamicPropertySource
  static void tell(DynamicPropertyRegistry registry) {
    database.forEach(registry::add);
  }

  @Test
  @Order(1)
  void writesIntoIt(@Autowired JdbcClient client) {
    client.sql("create table note (text varchar)").update();
    client.sql("insert into note values ('kept')").update();

    var shown = database.sandbox().exec("psql", "-At", "-c", "select text from note").await();
    assertThat(shown.stdout()).isEqualTo("kept\n");
  }

  @Test
  @Order(2)
  void readsWhatTheTestBeforeHasWritten(@Autowired JdbcClient client) {
    assertThat(client.sql("select text from note").query(String.class).single()).isEqualTo("kept");
  }
}
