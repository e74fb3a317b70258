// How the command ends.

/// Exit statuses besides 0 and the parser's own 64.
enum ExitStatus {
  /// What was asked about does not exist, or the answer could not be written.
  static let failure: Int32 = 1
  /// The configuration is refused (EX_CONFIG of sysexits).
  static let badConfiguration: Int32 = 78
}
