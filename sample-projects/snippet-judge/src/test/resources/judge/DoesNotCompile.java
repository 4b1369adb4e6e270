class DoesNotCompile {
  public static void main(String[] args) {
    System.out.println(sum(System.in));
  }
}
