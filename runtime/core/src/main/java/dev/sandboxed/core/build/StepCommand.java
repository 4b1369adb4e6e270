package dev.sandboxed.core.build;

import dev.sandboxed.ImageStep;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The program of a step.
 *
 * @param command the program and its arguments
 * @param environment variables on top of the image's
 * @param user who runs it; the image's user if empty
 * @param litter a directory inside that is removed afterwards
 */
record StepCommand(
    List<String> command,
    Map<String, String> environment,
    Optional<String> user,
    Optional<String> litter) {
  private static final String NPM_CACHE = "/var/tmp/.sandboxed-npm";

  /**
   * Packages are arguments, so the shell reads none of their names. Services that packages bring
   * are not started: the policy says so, which an image may have of its own. Logs stay.
   */
  private static final String APT =
      """
      set -eu
      if ! command -v apt-get >/dev/null; then
        echo 'The image has no apt-get: it is not made of Debian packages' >&2
        exit 127
      fi
      policy=/usr/sbin/policy-rc.d
      if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        printf '#!/bin/sh\\nexit 101\\n' > "$policy"
        chmod 0755 "$policy"
      fi
      apt='apt-get -q -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 -o Acquire::Languages=none'
      if [ -n "${SSL_CERT_FILE:-}" ] && [ -e "$SSL_CERT_FILE" ]; then
        apt="$apt -o Acquire::https::CAInfo=$SSL_CERT_FILE"
      fi
      $apt -o APT::Update::Error-Mode=any update
      $apt -y --no-install-recommends install -- "$@"
      apt-get clean
      rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
      """;

  /**
   * Returns the program of a step.
   *
   * @param image the variables of the image
   */
  static StepCommand of(ImageStep.InSandbox step, Map<String, String> image) {
    if (step instanceof ImageStep.AptInstall apt) {
      return new StepCommand(
          joined(List.of("sh", "-c", APT, "aptInstall"), apt.packages()),
          Map.of("DEBIAN_FRONTEND", "noninteractive", "HOME", "/root"),
          Optional.of("0:0"),
          Optional.empty());
    }
    if (step instanceof ImageStep.PipInstall pip) {
      return new StepCommand(
          joined(List.of("python3", "-m", "pip", "install", "--"), pip.packages()),
          variables(
              // The sandbox is the environment of its own that Debian's Python asks for.
              "PIP_BREAK_SYSTEM_PACKAGES", "1",
              "PIP_DISABLE_PIP_VERSION_CHECK", "1",
              "PIP_NO_CACHE_DIR", "1",
              "PIP_NO_INPUT", "1",
              "PIP_PROGRESS_BAR", "off",
              "PIP_ROOT_USER_ACTION", "ignore"),
          Optional.empty(),
          Optional.empty());
    }
    if (step instanceof ImageStep.NpmInstall npm) {
      return new StepCommand(
          joined(List.of("npm", "install", "--global", "--"), npm.packages()),
          variables(
              "npm_config_audit", "false",
              "npm_config_cache", NPM_CACHE,
              "npm_config_fund", "false",
              "npm_config_logs_max", "0",
              "npm_config_progress", "false",
              "npm_config_update_notifier", "false"),
          Optional.empty(),
          Optional.of(NPM_CACHE));
    }
    var run = (ImageStep.Run) step;
    // What the image says wins over what a step has for its program alone.
    var variables = new LinkedHashMap<>(run.environment());
    variables.keySet().removeAll(image.keySet());
    return new StepCommand(run.command(), variables, Optional.empty(), Optional.empty());
  }

  private static List<String> joined(List<String> some, List<String> more) {
    var all = new ArrayList<>(some);
    all.addAll(more);
    return all;
  }

  private static Map<String, String> variables(String... namesAndValues) {
    var variables = new LinkedHashMap<String, String>();
    for (var i = 0; i < namesAndValues.length; i += 2) {
      variables.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return variables;
  }
}
