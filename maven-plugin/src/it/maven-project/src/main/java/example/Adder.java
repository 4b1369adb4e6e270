package example;

public final class Adder {
  private Adder() {}

  public static int add(int a, int b) {
    return Math.addExact(a, b);
  }
}
