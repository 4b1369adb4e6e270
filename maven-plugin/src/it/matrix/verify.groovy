def log = new File(basedir, 'build.log').text
def at = { text ->
  assert log.contains(text)
  log.indexOf(text)
}
assert at('| this is the first') < at('| this is the second')
assert log.contains('Summary of 2 sandbox runs:')
assert log.contains("${basedir} (one): passed in ")
assert log.contains("${basedir} (two-2.1): passed in ")
assert log.contains('There is sandbox.image, "host", and the sandbox.yaml of ')
['one', 'two-2.1'].each {
  def summary = new File(basedir, "target/sandbox/${it}/summary.json").text
  assert summary.contains("matrix (${it})")
}
assert !new File(basedir, 'target/sandbox/summary.json').exists()
true
