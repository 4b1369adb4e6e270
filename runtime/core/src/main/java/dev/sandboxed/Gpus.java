package dev.sandboxed;

import java.util.Optional;

/**
 * The graphics processors that a sandbox gets.
 *
 * @param count how many, from 1 to 64
 * @param model what the name of each must contain, in upper or lower case; any where empty
 */
public record Gpus(int count, Optional<String> model) {
  private static final int MAX_COUNT = 64;
  private static final int MAX_MODEL = 100;

  /**
   * Checks the values.
   *
   * @throws InvalidSpecException if one is out of its bounds
   */
  public Gpus {
    if (count < 1 || count > MAX_COUNT) {
      throw new InvalidSpecException(
          "The number of GPUs is %d; it must be from 1 to %d, or leave gpu away for none"
              .formatted(count, MAX_COUNT));
    }
    if (model.isPresent() && (model.get().isBlank() || model.get().length() > MAX_MODEL)) {
      throw new InvalidSpecException(
          "\"%s\" is not a GPU's model; use a part of what nvidia-smi -L calls it, such as H200"
              .formatted(OutputTail.printable(model.get())));
    }
  }

  /**
   * Says what is wanted, for messages.
   *
   * @return such as {@code 2 x H200}
   */
  @Override
  public String toString() {
    return count + " x " + model.orElse("any GPU");
  }
}
