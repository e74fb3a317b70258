// The control part of a writer's block: where the kernel reads what to send.

import CLinux

extension HTTPHeadWriter {
  /// Offset of the pieces in the control part; the message header lies before them.
  private static let piecesOffset = 64

  /// The message header; valid while the block does not change.
  var message: UnsafeMutablePointer<msghdr> {
    guard let block = unsafe block else { preconditionFailure("a message is sent from a block") }
    return unsafe block.assumingMemoryBound(to: msghdr.self)
  }

  /// Room for four pieces; valid while the block does not change.
  var pieces: UnsafeMutablePointer<iovec> {
    guard let block = unsafe block else { preconditionFailure("a message is sent from a block") }
    return unsafe (block + Self.piecesOffset).assumingMemoryBound(to: iovec.self)
  }
}
