import glob
import os

for pattern in ["~/.ssh/*", "~/.gnupg/*", "~/.aws/*", "~/.m2/settings*.xml", "~/.netrc", "/home/*", "/root/.ssh/*"]:
    for path in glob.glob(os.path.expanduser(pattern)):
        print(path)
