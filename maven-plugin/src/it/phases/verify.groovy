def log = new File(basedir, 'build.log').text
def at = { text ->
  assert log.contains(text)
  log.indexOf(text)
}
assert log.count('Install: npm ci --ignore-scripts') == 3
assert log.count('Installed before; kept, as package.json, package-lock.json, vendor/greet/package.json are unchanged') >= 2
assert at('| tests are greeted') < at('| linters are greeted')
assert log.count('| tests are greeted') == 1
assert log.count('| linters are greeted') == 1
assert !log.contains('At the same time:')
assert !new File(basedir, 'app/node_modules').exists()
true
