find /checkout -type f -delete
find /checkout -type f | grep -q . || echo "nothing left"
