// What all generated messages are, so that nobody else imports the library.

package import SwiftProtobuf

/// What `scripts/gen-protos` generates.
package typealias ProtobufMessage = SwiftProtobuf.Message

extension ProtobufMessage {
  /// A message of what `body` sets; everything else is absent.
  package static func make(_ body: (inout Self) -> Void) -> Self {
    var message = Self()
    body(&message)
    return message
  }
}
