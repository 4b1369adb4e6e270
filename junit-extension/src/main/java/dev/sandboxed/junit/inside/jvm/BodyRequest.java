package dev.sandboxed.junit.inside.jvm;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a JVM inside is asked for.
 *
 * @param nonce what each event has to begin with
 * @param ids the unique ids of the tests to run, as Jupiter's engine knows them
 * @param parameters the configuration parameters
 * @param properties the system properties to set
 */
public record BodyRequest(
    String nonce,
    List<String> ids,
    Map<String, String> parameters,
    Map<String, String> properties) {

  /** Copies the collections. */
  public BodyRequest {
    ids = List.copyOf(ids);
    parameters = Map.copyOf(parameters);
    properties = Map.copyOf(properties);
  }

  /**
   * Sends the request.
   *
   * @param to the stdin of the JVM inside, which is flushed
   * @throws IOException if it cannot be written
   */
  public void write(OutputStream to) throws IOException {
    var out = new DataOutputStream(to);
    text(out, nonce);
    out.writeInt(ids.size());
    for (var id : ids) {
      text(out, id);
    }
    texts(out, parameters);
    texts(out, properties);
    out.flush();
  }

  /**
   * Waits for a request.
   *
   * @param from the stdin
   * @return the request
   * @throws IOException if there is none
   */
  public static BodyRequest read(InputStream from) throws IOException {
    var in = new DataInputStream(from);
    var nonce = text(in);
    var count = in.readInt();
    var ids = new ArrayList<String>();
    for (var i = 0; i < count; i++) {
      ids.add(text(in));
    }
    return new BodyRequest(nonce, ids, texts(in), texts(in));
  }

  private static void texts(DataOutputStream to, Map<String, String> texts) throws IOException {
    to.writeInt(texts.size());
    for (var entry : texts.entrySet()) {
      text(to, entry.getKey());
      text(to, entry.getValue());
    }
  }

  private static Map<String, String> texts(DataInputStream from) throws IOException {
    var texts = new LinkedHashMap<String, String>();
    for (var left = from.readInt(); left > 0; left--) {
      texts.put(text(from), text(from));
    }
    return texts;
  }

  private static void text(DataOutputStream to, String text) throws IOException {
    var bytes = text.getBytes(StandardCharsets.UTF_8);
    to.writeInt(bytes.length);
    to.write(bytes);
  }

  private static String text(DataInputStream from) throws IOException {
    return new String(from.readNBytes(from.readInt()), StandardCharsets.UTF_8);
  }
}
