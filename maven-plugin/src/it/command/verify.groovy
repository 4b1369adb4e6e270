def log = new File(basedir, 'build.log').text
assert log.contains('| one, two three')
assert log.contains('| /work')
assert !new File(basedir, 'inside').exists()
assert new File(basedir, 'shared').file
assert log.contains("sh -c 'echo out of reach; exit 7': exit code 7")
assert log.contains('sandbox.memory: "lots" is not a size; write a number and a unit, such as 512m or 2g')
assert log =~ /sandbox\.dir is \S+no-such-directory, which is no directory/
assert log.contains('Skipped, as sandbox.skip is set')
assert log =~ /\S+src is no project that can be recognised: it has no pom\.xml/
assert log.contains('The network policy refused 1 destination; allow what is needed with -Dsandbox.network=')
assert log =~ /dns:\/\/refused\.example: .*refused\.example/
assert log.contains('sandbox.network.deny is set without sandbox.network')
true
