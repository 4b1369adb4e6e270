def log = new File(basedir, 'build.log').text
def inside = log.substring(log.indexOf('Recognised: Maven project (pom.xml)'))
assert inside.contains('Command: ')
assert inside.contains('kernel of the test: ')
assert inside.contains('passed in ')
assert inside.contains('Tests: 4, failures: 0, errors: 0, skipped: 1. Reports: target/sandbox')

def report = new groovy.xml.XmlSlurper().parse(new File(basedir, 'target/sandbox/TEST-example.AdderTest.xml'))
assert report.@name == 'example.AdderTest'
assert report.testcase.collect { it.@name.text() }.toSorted() ==
    ['adds', 'doesNotRunEverywhere', 'refusesOverflow', 'writesIntoTheCheckout']
assert report.testcase.find { it.@name == 'doesNotRunEverywhere' }.skipped.text().contains('not here')

// What the sandbox wrote is gone with it: this is the host's run.
assert new File(basedir, 'kernel').text == new File('/proc/version').text
assert inside.readLines().find { it.contains('kernel of the test: ') }.contains('gvisor') ||
    !inside.contains(new File('/proc/version').text.trim())
def summary = new groovy.json.JsonSlurper().parse(new File(basedir, 'target/sandbox/summary.json'))
assert summary.verdict == 'PASSED' && summary.recognised == 'Maven'
true

// The wrapper's settings ask for a Maven, which is fetched as an artifact if the running one is older.
assert !inside.contains('could not be fetched')
assert inside.contains('/caches/maven-home/bin/mvn') == inside.contains('apache-maven-3.9.11 is used in the place of Maven ')

// The host has run it before: nothing is missing.
assert !inside.contains('Install: ')
