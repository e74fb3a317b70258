// The methods of the client protocol that a UFS needs.

extension NameNodes {
  /// What is at `path`; nil when nothing is.
  func status(
    _ path: String, for purpose: UFSPurpose = .demand
  ) async throws(HDFSFailure) -> HDFSStatus? {
    let reader = try await call("getFileInfo", as: HDFSAsking(.head, path, for: purpose)) {
      $0.text(1, path)
    }
    return try first(reader).map { message throws(HDFSFailure) in
      try parse { () throws(HDFSWireError) in try HDFSStatus(message) }
    }
  }

  /// Entries of a directory after the name `after`; nil when there is no such directory.
  func listing(
    _ path: String, after: [UInt8], as asking: HDFSAsking
  ) async throws(HDFSFailure) -> HDFSListingPart? {
    let reader = try await call("getListing", as: asking) {
      $0.text(1, path)
      $0.array(2, after)
      $0.flag(3, false)
    }
    return try first(reader).map { message throws(HDFSFailure) in
      try parse { () throws(HDFSWireError) in try HDFSListingPart(message) }
    }
  }

  /// The blocks that hold a range of a file; nil when there is no such file.
  func blocks(
    _ path: String, _ range: Range<Int64>, for purpose: UFSPurpose
  ) async throws(HDFSFailure) -> HDFSLocatedBlocks? {
    let asking = HDFSAsking(.head, path, for: purpose)
    let reader = try await call("getBlockLocations", as: asking) {
      $0.text(1, path)
      $0.number(2, UInt64(clamping: range.lowerBound))
      $0.number(3, UInt64(clamping: range.upperBound - range.lowerBound))
    }
    return try first(reader).map { message throws(HDFSFailure) in
      try parse { () throws(HDFSWireError) in try HDFSLocatedBlocks(message) }
    }
  }

  /// How the cluster likes new files.
  func defaults() async throws(HDFSFailure) -> HDFSDefaults {
    let reader = try await call("getServerDefaults", as: nil) { _ in }
    guard let message = try first(reader) else { throw .wire(.missing("serverDefaults")) }
    return try parse { () throws(HDFSWireError) in try HDFSDefaults(message) }
  }

  /// Makes a new file, which must not exist, in a directory that does.
  func create(
    _ path: String, client: String, mode: UInt16, replication: UInt32, blockSize: Int64
  ) async throws(HDFSFailure) -> HDFSStatus? {
    let reader = try await call("create", as: HDFSAsking(.delete, path)) {
      $0.text(1, path)
      $0.nested(2) { $0.number(1, UInt64(mode)) }
      $0.text(3, client)
      // CREATE, and whole copies instead of a code where the directory says otherwise.
      $0.number(4, 0x81)
      $0.flag(5, false)
      $0.number(6, UInt64(replication))
      $0.number(7, UInt64(clamping: blockSize))
    }
    return try first(reader).map { message throws(HDFSFailure) in
      try parse { () throws(HDFSWireError) in try HDFSStatus(message) }
    }
  }

  /// Adds a block to a file that is being written.
  func addBlock(
    _ path: String, client: String, previous: HDFSBlock?, file: UInt64, without nodes: [HDFSNode]
  ) async throws(HDFSFailure) -> HDFSLocatedBlock {
    let reader = try await call("addBlock", as: nil) { message in
      message.text(1, path)
      message.text(2, client)
      if let previous { message.nested(3) { previous.write(&$0) } }
      for node in nodes { message.array(4, node.message) }
      message.number(5, file)
    }
    guard let message = try first(reader) else { throw .wire(.missing("block")) }
    return try parse { () throws(HDFSWireError) in try HDFSLocatedBlock(message) }
  }

  /// Takes back a block that was added last.
  func abandonBlock(
    _ block: HDFSBlock, _ path: String, client: String, file: UInt64
  ) async throws(HDFSFailure) {
    _ = try await call("abandonBlock", as: nil) { message in
      message.nested(1) { block.write(&$0) }
      message.text(2, path)
      message.text(3, client)
      message.number(4, file)
    }
  }

  /// Ends a file that is being written; false while its last block has not been reported by enough data nodes.
  func complete(
    _ path: String, client: String, last: HDFSBlock?, file: UInt64
  ) async throws(HDFSFailure) -> Bool {
    try await flag("complete", as: nil) { message in
      message.text(1, path)
      message.text(2, client)
      if let last { message.nested(3) { last.write(&$0) } }
      message.number(4, file)
    }
  }

  /// Says that this client still writes.
  func renewLease(client: String) async throws(HDFSFailure) {
    _ = try await call("renewLease", as: nil) { $0.text(1, client) }
  }

  /// Makes a directory, with `recursive` also those above it; one that is there is fine.
  func makeDirectory(
    _ path: String, mode: UInt16, recursive: Bool
  ) async throws(HDFSFailure) -> Bool {
    try await flag("mkdirs", as: HDFSAsking(.delete, path)) {
      $0.text(1, path)
      $0.nested(2) { $0.number(1, UInt64(mode)) }
      $0.flag(3, recursive)
    }
  }

  /// Deletes what is at `path`; false when nothing is.
  func delete(_ path: String, recursive: Bool) async throws(HDFSFailure) -> Bool {
    try await flag("delete", as: HDFSAsking(.delete, path)) {
      $0.text(1, path)
      $0.flag(2, recursive)
    }
  }

  /// Gives `source` the name `target`, as one step.
  func rename(_ source: String, _ target: String, replacing: Bool) async throws(HDFSFailure) {
    _ = try await call("rename2", as: HDFSAsking(.delete, source)) {
      $0.text(1, source)
      $0.text(2, target)
      $0.flag(3, replacing)
    }
  }

  /// Sets the modification time, in milliseconds since the epoch.
  func setTime(_ path: String, modified: Int64) async throws(HDFSFailure) {
    _ = try await call("setTimes", as: HDFSAsking(.delete, path)) {
      $0.text(1, path)
      $0.number(2, UInt64(clamping: modified))
      // -1: the access time stays.
      $0.number(3, .max)
    }
  }

  /// Tells that the replicas of a block at its nodes are bad.
  func reportBad(_ located: HDFSLocatedBlock, at node: HDFSNode) async throws(HDFSFailure) {
    _ = try await call("reportBadBlocks", as: nil) { message in
      message.nested(1) { bad in
        bad.nested(1) { located.block.write(&$0) }
        bad.number(2, UInt64(clamping: located.offset))
        bad.array(3, node.message)
        bad.flag(4, false)
        bad.array(5, located.token)
      }
    }
  }

  /// The message in field 1 of a response; nil when there is none.
  private func first(_ response: ProtobufReader) throws(HDFSFailure) -> ProtobufReader? {
    try parse { () throws(HDFSWireError) in
      var response = response
      while let field = try response.next() {
        if field.number == 1 { return try response.nested(field) }
        try response.skip(field)
      }
      return nil
    }
  }

  private func flag(
    _ method: StaticString, as asking: HDFSAsking?, _ request: (inout ProtobufWriter) -> Void
  ) async throws(HDFSFailure) -> Bool {
    let reader = try await call(method, as: asking, request)
    return try parse { () throws(HDFSWireError) in
      var response = reader
      var value = false
      while let field = try response.next() {
        if field.number == 1 { value = try response.flag(field) } else { try response.skip(field) }
      }
      return value
    }
  }

  private func parse<T>(_ body: () throws(HDFSWireError) -> T) throws(HDFSFailure) -> T {
    do throws(HDFSWireError) { return try body() } catch { throw .wire(error) }
  }
}
