import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class WriteOutside {
  public static void main(String[] args) throws IOException {
    Files.writeString(Path.of("/tmp/../../../../../../tmp/pwned-by-a-snippet"), "I was here");
    Files.writeString(Path.of("/usr/bin/pwned-by-a-snippet"), "I was here, too");
  }
}
