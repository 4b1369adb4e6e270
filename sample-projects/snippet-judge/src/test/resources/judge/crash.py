import sys

print(sum(sys.stdin.read().split()))
