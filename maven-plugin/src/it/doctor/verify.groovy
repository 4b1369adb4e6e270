def log = new File(basedir, 'build.log').text
assert log.contains('Sandboxes of the backend gvisor on this machine:')
assert log.contains('Sandboxes work on this machine.')
assert log.contains('sandbox:run')
assert log.contains('sandbox:doctor')
true
