package dev.sandboxed.junit.inside.jvm;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** Goes through what tests usually do, so that a JVM that has run it knows the way. */
final class WarmUp {
  @BeforeAll
  static void beforeAll() {}

  @AfterAll
  static void afterAll() {}

  @BeforeEach
  void beforeEach() {}

  @AfterEach
  void afterEach() {}

  @Test
  void passes() {
    System.out.println("warm");
  }

  @Test
  void fails() {
    Assertions.assertEquals("warm", "cold");
  }

  @Test
  void aborts() {
    Assumptions.abort("warm");
  }

  @RepeatedTest(2)
  void repeats() {}
}
