package services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Image;
import dev.sandboxed.junit.ImageFactory;
import dev.sandboxed.junit.Probe;
import dev.sandboxed.junit.Sandboxed;
import dev.sandboxed.junit.SnapshotMode;
import dev.sandboxed.junit.Tunnel;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

/** A Spring Boot application: its JVM has started, and loaded what it needs, before any test. */
@Sandboxed(
    imageFactory = NotesTest.Application.class,
    command = {
      "java",
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      "-cp",
      "/srv/classes:/srv/lib/*",
      "notes.NotesApplication"
    },
    memory = "512m",
    readyWhen = @Probe(http = 8080, path = "/notes"),
    snapshot = SnapshotMode.READY)
class NotesTest {
  private static final Boots BOOTS = new Boots();

  private final HttpClient client = HttpClient.newHttpClient();

  /** The host's JDK, with what Maven has built. */
  static class Application implements ImageFactory {
    @Override
    public Image image() {
      return Image.host()
          .copy(Path.of("target/lib"), "/srv/lib")
          .copy(Path.of("target/classes"), "/srv/classes");
    }
  }

  @RepeatedTest(20)
  void keepsTheNotesOfThisTestAlone(
      RepetitionInfo repetition, @Tunnel(value = 8080, scheme = "http") URI server)
      throws IOException, InterruptedException {
    var note = "note " + repetition.getCurrentRepetition();
    assertThat(get(server, "/notes")).isEqualTo("[]");

    post(server, "/notes", note);

    assertThat(get(server, "/notes")).isEqualTo("[\"%s\"]".formatted(note));
    assertThat(BOOTS.add(get(server, "/boot"))).hasSize(1);
  }

  private String get(URI server, String path) throws IOException, InterruptedException {
    var request = HttpRequest.newBuilder(server.resolve(path)).build();
    return client.send(request, BodyHandlers.ofString()).body();
  }

  private void post(URI server, String path, String body) throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(server.resolve(path))
            .header("Content-Type", "text/plain")
            .POST(BodyPublishers.ofString(body))
            .build();
    assertThat(client.send(request, BodyHandlers.discarding()).statusCode()).isEqualTo(200);
  }
}
