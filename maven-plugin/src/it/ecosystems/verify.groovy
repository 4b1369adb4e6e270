def log = new File(basedir, 'build.log').text
def summary = log.substring(log.indexOf('Summary of 6 sandbox runs:')).readLines()

// A machine need not have every tool; one that has it must run the tests.
def expect = { directory, tool, counts ->
  def line = summary.find { it.contains("/${directory}: ") }
  if (System.getenv('PATH').split(':').any { new File(it, tool).canExecute() }) {
    assert line.contains(counts) : line
  } else {
    assert line.contains("skipped. ${tool} is not in the sandbox") : line
  }
}
expect('samples/python-wordcount', 'python3', 'Tests: 8, failures: 0, errors: 0, skipped: 0. Reports: target/sandbox/python-wordcount')
expect('samples/node-slugify', 'npm', 'Tests: 7, failures: 0, errors: 0, skipped: 0. Reports: target/sandbox/node-slugify')
expect('samples/go-lru', 'go', 'Tests: 7, failures: 0, errors: 0, skipped: 0. Reports: target/sandbox/go-lru')
expect('rust-hello', 'cargo', 'passed in')
expect('make-check', 'make', 'passed in')

// With a linter that is installed from the registry of the build tools, or is a part of the tools.
expect('node-linted', 'npm', 'passed in')
if (log.contains('| checked by node')) {
  assert log.contains('Installation: npm ci, ')
  assert log.contains('Linter prettier passed after ')
  assert log.contains('| All matched files use Prettier code style!')
}
if (log.contains('clippy is run, as clippy.toml configures it')) {
  assert log.contains('Linter clippy passed after ')
  assert log.contains('Linter rustfmt passed after ')
}

assert !new File(basedir, 'make-check/made').exists()
assert !new File(basedir, 'rust-hello/target').exists()
assert new File(basedir, 'target/sandbox/go-lru/TEST-example.org_lru.xml').file
true
