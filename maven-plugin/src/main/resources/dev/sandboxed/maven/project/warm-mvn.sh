# usage: warm-mvn.sh MVN ARGUMENT…
#
# Has the Maven that waits in this sandbox run, as MVN would; that itself runs where none waits.
set -u
dir=${0%/*}
root=$PWD
while [ "$root" != / ] && [ ! -d "$root/.mvn" ]; do
  root=$(dirname "$root")
done
[ "$root" != / ] || root=$PWD
[ ! -f "$root/.mvn/jvm.config" ] || echo '.mvn/jvm.config says how Maven starts' > "$dir/cold"
if [ -f "$dir/cold" ]; then
  echo "Maven is not warmed: $(head -c 500 "$dir/cold")" >&2
  exec "$@"
fi
# It runs once.
mkdir "$dir/taken" 2> /dev/null || exec "$@"
shift
printf '%s\0' "$root" "$@" > "$dir/arguments"
cat "$dir/out" &
out=$!
cat "$dir/err" >&2 &
err=$!
echo run > "$dir/request"
read -r code < "$dir/code"
# What it left running may hold its outputs open.
{ sleep 5; kill "$out" "$err"; } > /dev/null 2>&1 &
limit=$!
wait "$out" "$err"
kill "$limit" 2> /dev/null
exit "$code"
