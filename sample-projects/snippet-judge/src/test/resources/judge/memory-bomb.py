blocks = []
while True:
    blocks.append(bytearray(b"x") * (16 << 20))
