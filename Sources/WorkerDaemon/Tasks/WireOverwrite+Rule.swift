// The rule of overwriting in messages of gRPC.

import Messages
import Scheduler

extension WireOverwrite {
  /// The word for a rule.
  init(_ rule: OverwriteRule) {
    self =
      switch rule {
      case .never: .never
      case .ifDifferent: .ifDifferent
      case .always: .always
      }
  }

  /// The rule, `never` for none; nil for a number that is none.
  var rule: OverwriteRule? {
    switch self {
    case .unspecified, .never: .never
    case .ifDifferent: .ifDifferent
    case .always: .always
    case .UNRECOGNIZED: nil
    }
  }
}
