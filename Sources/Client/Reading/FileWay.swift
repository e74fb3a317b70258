// The way on which a file is read now.

/// How the bytes of an open file are got.
enum FileWay: Sendable {
  /// Over the domain socket and leased memory.
  case local(LocalFile)
  /// From workers over the network.
  case network
  /// From the under file system.
  case ufs(UFSFile)
  /// Not at all: it is a directory.
  case directory
}
