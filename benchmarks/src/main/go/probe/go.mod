module dev.sandboxed/benchmarks/probe

go 1.26
