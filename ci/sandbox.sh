#!/usr/bin/env bash
# usage: ci/sandbox.sh GOAL
#
# Runs a goal of sandbox-maven-plugin in a CI job. What it takes from the environment:
#   SANDBOX_VERSION     the version of the plugin
#   SANDBOX_DIRECTORY   the checkout; the current directory unless set
#   SANDBOX_CACHE       the directory that the CI server keeps
#   SANDBOX_CACHE_SIZE  how much there may be in it
#   SANDBOX_REPORTS     where reports go
#   SANDBOX_PROPERTIES  further properties, one a line: sandbox.memory=2g
#   SANDBOX_HOME        an empty directory of this job, made if it is missing
#
# Maven reads the pom.xml and .mvn of the directory that it is started in, and what they name runs
# there, on the machine itself. So it is started in a directory that has neither.
set -euo pipefail

goal=${1:?usage: $0 GOAL}
directory=$(cd "${SANDBOX_DIRECTORY:-.}" && pwd)
arguments=()
case $goal in
  import | export)
    : "${SANDBOX_CACHE:?SANDBOX_CACHE is to name the directory that the CI server keeps}"
    arguments+=("-Dsandbox.cache=$SANDBOX_CACHE")
    if [ "$goal" = export ] && [ -n "${SANDBOX_CACHE_SIZE:-}" ]; then
      arguments+=("-Dsandbox.cache.size=$SANDBOX_CACHE_SIZE")
    fi
    ;;
  run)
    arguments+=("-Dsandbox.dir=$directory")
    if [ -n "${SANDBOX_REPORTS:-}" ]; then
      arguments+=("-Dsandbox.reportDirectory=$SANDBOX_REPORTS")
    fi
    while IFS= read -r property || [ -n "$property" ]; do
      # Nothing but properties of the plugin: others are options of Maven itself.
      if [[ $property =~ ^sandbox\.[A-Za-z.]+= ]]; then
        arguments+=("-D$property")
      elif [[ $property =~ [^[:space:]] ]]; then
        echo "\"${property//[^[:print:]]/?}\" is no property of the plugin; write one in each line, such as sandbox.memory=2g" >&2
        exit 2
      fi
    done <<< "${SANDBOX_PROPERTIES:-}"
    ;;
  doctor) ;;
  *)
    echo "There is no goal \"$goal\" here; run, import, export and doctor are known" >&2
    exit 2
    ;;
esac

if [ -z "${SANDBOX_HOME:-}" ]; then
  # A directory without a POM, for this once.
  SANDBOX_HOME=$(mktemp -d)
  trap 'rm -rf "$SANDBOX_HOME"' EXIT
fi
mkdir -p "$SANDBOX_HOME"
cd "$SANDBOX_HOME"
mvn -B -ntp "dev.sandboxed:sandbox-maven-plugin:${SANDBOX_VERSION:?SANDBOX_VERSION is to name the version of the plugin}:$goal" \
  "${arguments[@]}"
