// ufs-io-bench: the I/O test of an under file system as a program of its own.

import ArgumentParser
import UFSIOTest

@main
enum UFSIOBench {
  static func main() { UFSIOTestCommand.main() }
}
