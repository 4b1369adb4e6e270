package dev.sandboxed.core.registry;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** What a user proves to a registry with; never printed. */
sealed interface Credentials {
  /** A name and a password. */
  record Password(String user, String password) implements Credentials {
    /** Returns the value of the header {@code Authorization}. */
    String header() {
      var both = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
      return "Basic " + Base64.getEncoder().encodeToString(both);
    }

    @Override
    public String toString() {
      return "Password[of " + user + "]";
    }
  }

  /** A token that others are had for. */
  record IdentityToken(String token) implements Credentials {
    @Override
    public String toString() {
      return "IdentityToken[]";
    }
  }
}
