import groovy.json.JsonSlurper

def log = new File(basedir, 'build.log').text
def json = { name -> new JsonSlurper().parse(new File(basedir, name)) }

// install and run: made once, then kept.
assert log.contains('Installation: install 1, made anew, key ')
assert log =~ /Installation: install 1, kept from before, key [0-9a-f]{12}, made \d+ (s|min) ago, \d+ KiB/
assert log.contains('| APP 1')
assert json('target/sandbox/app/summary.json').caches.source == ['KEPT']
assert log.contains('Linter words: exit code 1 after ')
assert json('target/sandbox/broken/findings.sarif').runs[0].results[0].ruleId == 'typo'

// report, of both.
def overview = json('target/sandbox/overview.json')
assert overview.verdict == 'LINT_FAILED' && overview.exitCode == 2
assert overview.runs.directory == ['app', 'broken']
assert new File(basedir, 'target/sandbox/overview.html').text.contains('./broken/index.html')
assert log.contains('1 of 2 runs did not pass: lint failed, exitCode 2.')
assert log =~ /BUILD FAILURE/

// export, import, prune.
assert log =~ /Exported, \S+cache: \d steps? of images, 0 snapshots, [0-9,]+ bytes/
assert new File(basedir, 'target/cache/sandboxed-cache.json').file
assert log =~ /Imported, \S+cache: 0 steps of images/
assert log =~ /Removed what was kept of \d+ sandboxes that have ended\./

// volumes.
assert log.contains('a/versions.txt')
assert new File(basedir, 'target/got.txt').text == 'app 1\n'

// list, exec, logs and stop, of a sandbox that another build runs, where there is no POM.
def goals = { List<String> further ->
  ([new File(System.getProperty('maven.home'), 'bin/mvn').path, '-o', '-B', "-Dmaven.repo.local=$localRepositoryPath".toString(),
    '-Dmaven.legacyLocalRepo=true', '-Daether.enhancedLocalRepository.trackingFilename=untracked.properties'] +
      ['store', 'records', 'volumes'].collect { "-Dsandboxed.${it == 'store' ? 'cache' : it}=${basedir}/own/${it}".toString() } + further)
      .execute(null, new File(basedir, 'app'))
}
def version = new groovy.xml.XmlSlurper().parse(new File(basedir, 'pom.xml')).build.plugins.plugin.version
def plugin = "dev.sandboxed:sandbox-maven-plugin:${version}:".toString()
// The list has those of other builds too: this one is known by its timeout, to which collecting adds five minutes.
def other = goals([plugin + 'run', '-Dsandbox.command=echo is up; sleep 300', '-Dsandbox.timeout=1234s'])
def shown = new StringBuffer()
other.consumeProcessErrorStream(shown)
def lines = other.inputStream.newReader()
def line
while ((line = lines.readLine()) != null && !line.contains('| is up')) {
  shown << line << '\n'
}
assert line != null : shown
def id = null
try {
  def listed = goals([plugin + 'list', '-q', '-Dsandbox.output=json']).text
  id = new JsonSlurper().parseText(listed.substring(listed.indexOf('[{'))).find { it.timeoutSeconds == 1534 }.id
  def done = goals([plugin + 'list', plugin + 'exec', plugin + 'logs', plugin + 'stop', "-Dsandbox.id=${id}".toString(), '-Dsandbox.command=echo from $((40 + 2))']).text
  new File(basedir, 'other.log').text = shown + done
  assert done.contains(id) && done.contains('from 42') : done
  assert done.contains("The sandbox ${id} has ended: ") : done
  lines.eachLine { shown << it << '\n' }
  assert other.waitFor() == 1 : shown
  new File(basedir, 'other.log').text = shown + done
} finally {
  other.destroy()
}
// Neither the project nor its tests are to blame.
assert shown.contains("The sandbox ${id} ended, because it was terminated")
def ended = json('app/target/sandbox/summary.json')
assert ended.verdict == 'ERROR' && ended.exitCode == 4
new File(basedir, 'own').deleteDir()
true
