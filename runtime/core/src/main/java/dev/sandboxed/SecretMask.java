package dev.sandboxed;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Takes the values of secrets out of texts for people: reports, messages and logs. Immutable.
 *
 * <p>Values shorter than {@value #MIN_LENGTH} characters stay, since they occur in any text. Of a
 * value with several lines each line that is long enough is taken out, too. What a program has
 * encoded, such as by Base64, is not recognised.
 */
public final class SecretMask {
  /** What stands in the place of a value. */
  public static final String MASK = "***";

  /** The shortest values that are taken out. */
  public static final int MIN_LENGTH = 4;

  private static final SecretMask NONE = new SecretMask(List.of());

  /** Longer ones first, since they may hold others. */
  private final List<String> hidden;

  private SecretMask(List<String> hidden) {
    this.hidden = hidden;
  }

  /**
   * Returns a mask that takes nothing out.
   *
   * @return the mask
   */
  public static SecretMask none() {
    return NONE;
  }

  /**
   * Returns the mask for some secrets.
   *
   * @param secrets the secrets
   * @return the mask
   */
  public static SecretMask of(Collection<Secret> secrets) {
    return NONE.and(secrets);
  }

  /**
   * Returns a mask that takes out more.
   *
   * @param more further secrets
   * @return the mask
   */
  public SecretMask and(Collection<Secret> more) {
    Set<String> all =
        new TreeSet<>(Comparator.comparingInt(String::length).reversed().thenComparing(s -> s));
    all.addAll(hidden);
    more.stream()
        .flatMap(s -> Stream.concat(Stream.of(s.reveal()), s.reveal().lines().map(String::strip)))
        .filter(v -> v.length() >= MIN_LENGTH)
        .forEach(all::add);
    return all.isEmpty() ? NONE : new SecretMask(List.copyOf(all));
  }

  /**
   * Returns whether there is nothing to take out.
   *
   * @return whether texts stay as they are
   */
  public boolean isEmpty() {
    return hidden.isEmpty();
  }

  /**
   * Takes the values out of a text.
   *
   * @param text any text
   * @return the text with {@value #MASK} in their places
   */
  public String apply(String text) {
    var masked = text;
    for (var value : hidden) {
      masked = masked.replace(value, MASK);
    }
    return masked;
  }

  /**
   * Takes the values out of a command.
   *
   * @param command the program and its arguments
   * @return the command with {@value #MASK} in their places
   */
  public List<String> apply(List<String> command) {
    return hidden.isEmpty() ? command : command.stream().map(this::apply).toList();
  }

  /** Shows no value. */
  @Override
  public String toString() {
    return "mask for " + hidden.size() + " values";
  }
}
