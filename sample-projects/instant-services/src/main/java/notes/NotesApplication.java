package notes;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Keeps notes, in memory alone. */
@SpringBootApplication
@RestController
public class NotesApplication {
  private final List<String> notes = new CopyOnWriteArrayList<>();
  private final String boot = UUID.randomUUID().toString();

  public static void main(String[] arguments) {
    SpringApplication.run(NotesApplication.class, arguments);
  }

  @GetMapping("/notes")
  List<String> all() {
    return notes;
  }

  @PostMapping("/notes")
  void add(@RequestBody String note) {
    notes.add(note);
  }

  /** Tells one boot from another. */
  @GetMapping("/boot")
  String boot() {
    return boot;
  }
}
