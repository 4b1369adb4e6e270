package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class AdderTest {
  @Test
  void adds() {
    assertEquals(3, Adder.add(1, 2));
  }

  @Test
  void refusesOverflow() {
    assertThrows(ArithmeticException.class, () -> Adder.add(Integer.MAX_VALUE, 1));
  }

  @Test
  void writesIntoTheCheckout() throws Exception {
    Files.writeString(Path.of("kernel"), Files.readString(Path.of("/proc/version")));
    System.out.println("kernel of the test: " + Files.readString(Path.of("kernel")));
  }

  @Test
  void doesNotRunEverywhere() {
    Assumptions.assumeTrue(Boolean.getBoolean("no.such.property"), "not here");
  }
}
