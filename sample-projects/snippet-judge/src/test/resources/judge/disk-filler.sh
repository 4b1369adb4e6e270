cat /dev/zero > /tmp/filler
