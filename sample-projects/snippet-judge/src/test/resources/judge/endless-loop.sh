trap '' TERM INT HUP
while :; do :; done
