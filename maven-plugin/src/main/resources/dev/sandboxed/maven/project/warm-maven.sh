# usage: warm-maven.sh MVN LAY_OUT PROJECT ARGUMENT…
#
# The command of a sandbox whose memory is snapshotted: lays out the POMs of the project with classes that do nothing, lets
# WarmMaven build them a few times, and says that it is ready. What hinders it goes to the file "cold".
set -u
dir=${0%/*}
cd "$dir" || exit 1

cold() {
  echo "$1" > "$dir/cold"
}

warm() {
  mvn=$1
  lay_out=$2
  project=$3
  shift 3
  for file in /etc/mavenrc /usr/local/etc/mavenrc "${HOME:-/}/.mavenrc"; do
    [ ! -f "$file" ] || { cold "$file may change how it starts"; return; }
  done
  [ -z "${MAVEN_ARGS-}${MAVEN_DEBUG_OPTS-}${MAVEN_CONFIG-}" ] || { cold 'MAVEN_ARGS, MAVEN_DEBUG_OPTS or MAVEN_CONFIG is set'; return; }
  program=$(command -v "$mvn") || { cold "$mvn is not in the sandbox"; return; }
  home=$(cd "$(dirname "$(readlink -f "$program")")/.." && pwd)
  classworlds=
  for jar in "$home"/boot/plexus-classworlds-*.jar; do
    [ ! -f "$jar" ] || classworlds=$jar
  done
  [ -n "$classworlds" ] && [ -f "$home/bin/m2.conf" ] || { cold "$home is laid out as no Maven is"; return; }
  sh "$lay_out" "$dir/probe" || { cold 'the POMs could not be laid out'; return; }
  project=$(cd "$dir/probe/$project" && pwd) || { cold 'the POMs are laid out elsewhere'; return; }
  root=$project
  while [ "$root" != "$dir/probe" ] && [ "$root" != / ] && [ ! -d "$root/.mvn" ]; do
    root=$(dirname "$root")
  done
  [ -d "$root/.mvn" ] || root=$project
  printf '%s\0' -o -B -ntp -fn -f "$project/pom.xml" -Dtest=SandboxedNothingTest -DfailIfNoTests=false \
    -Dsurefire.failIfNoSpecifiedTests=false "$@" test > "$dir/warm-up"
  mkfifo "$dir/request" "$dir/out" "$dir/err" "$dir/code" || { cold 'there can be no pipes'; return; }
  exec 3<> "$dir/request"
  sed "/^$marker\$/q" < "$dir/out" > "$dir/out.log" &
  out=$!
  sed "/^$marker\$/q" < "$dir/err" > "$dir/err.log" &
  err=$!
  {
    cd "$here" || exit 1
    # Maven's own pipes: it is there before anybody reads, and nobody waits for who is not.
    # shellcheck disable=SC2086
    "${JAVA_HOME:+$JAVA_HOME/bin/}java" ${MAVEN_OPTS-} -classpath "$classworlds:$dir" \
      "-Dclassworlds.conf=$home/bin/m2.conf" "-Dmaven.home=$home" "-Dlibrary.jansi.path=$home/lib/jansi-native" \
      "-Dmaven.multiModuleProjectDirectory=$root" dev.sandboxed.maven.warm.WarmMaven "$dir" \
      < /dev/null 1<> "$dir/out" 2<> "$dir/err" 3<&-
    echo $? > "$dir/code"
  } &
  wait "$out" "$err"
  if grep -q -x "$marker" "$dir/out.log"; then
    rm -rf "$dir/probe" "$dir/out.log" "$dir/err.log"
  else
    cold "it ended while it was warmed: $(cat "$dir/out.log" "$dir/err.log" | grep -v '^ *$' | tail -n 1)"
  fi
}

marker='sandboxed: Maven is warm'
here=$OLDPWD
warm "$@"
echo 'sandboxed: ready'
while :; do
  sleep 86400
done
