import socket

with socket.create_connection(("198.51.100.7", 80), timeout=10) as connection:
    connection.sendall(b"I am in")
