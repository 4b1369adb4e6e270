def log = new File(basedir, 'build.log').text
assert log =~ /Fetching v1 of file:\/\/\S+repository/
assert log =~ /Checked out [0-9a-f]{40}/
assert log.contains('| greeting one')
assert log.contains('| ?? made')
assert log =~ /v9 of file:\/\/\S+repository cannot be fetched/
assert log.contains('sandbox.writable has no meaning with sandbox.repo')
assert new File(basedir, 'target/sandbox-checkout').list().length == 0
true
