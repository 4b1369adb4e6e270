def log = new File(basedir, 'build.log').text
assert log.contains('| carried along')
assert log.contains('| CARRIED ALONG')
assert log.contains('| one, two')
assert log.contains('<steps>, number 1: a step says several things, whose order is not known')
assert log.contains('A sandbox starts from one image, and there are several: sandbox.image, "host" and sandbox.debian, "bookworm"')
assert log.contains('The step "aptInstall git" needs an image with Debian packages of its own')
assert log =~ /sandbox\.dockerfile is "\S+none", and there is no file of that path/
true
