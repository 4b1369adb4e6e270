import java.util.Scanner;

class Sum {
  public static void main(String[] args) {
    var scanner = new Scanner(System.in);
    var total = 0;
    while (scanner.hasNextInt()) {
      total += scanner.nextInt();
    }
    System.out.println(total);
  }
}
