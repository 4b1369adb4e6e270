module dev.sandboxed/native

go 1.26
