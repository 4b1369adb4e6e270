package dev.sandboxed.junit;

import dev.sandboxed.Sandbox;
import org.junit.jupiter.api.Test;

/**
 * A fixture that has a sandbox and does nothing with it: what is declared on a class is all there
 * is to it.
 */
abstract class TakesSandbox {
  @Test
  void test(Sandbox sandbox) {}
}
