def log = new File(basedir, 'build.log').text
assert log =~ /The tests of \S+maven-failing failed in the sandbox\./
assert log.contains('exit code 1')
assert log.contains('Tests: 2, failures: 1, errors: 1, skipped: 0. Reports: target/sandbox')
assert log.contains('example.WrongTest.isWrong: one is not two')
assert log.contains('example.WrongTest.breaks: broken')
assert log.contains('The last lines of its output:')
assert log.contains('MojoFailureException')
assert new File(basedir, 'target/sandbox/TEST-example.WrongTest.xml').file
// The third build was told not to fail.
assert new File(basedir, 'target/elsewhere/TEST-example.WrongTest.xml').file
def summary = new groovy.json.JsonSlurper().parse(new File(basedir, 'target/sandbox/summary.json'))
assert summary.verdict == 'TESTS_FAILED' && summary.exitCode == 1
assert summary.tests == [all: 2, failures: 1, errors: 1, skipped: 0]
assert new File(basedir, 'target/sandbox/index.html').text.contains('example.WrongTest.isWrong: one is not two')
true
