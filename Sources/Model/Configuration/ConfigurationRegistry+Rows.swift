// The order of the areas, and shorthands for the rows in the files beside this one.

extension ConfigurationRegistry {
  /// Every key of the product, area by area.
  package static var standardKeys: [ConfigurationKey] {
    generalKeys + workerKeys + storeKeys + tierKeys + localityKeys + storageKeys + coordinatorKeys
      + s3APIKeys + policyKeys + clientKeys + fuseKeys + unusedKeys
  }

  /// `keys`, placed in `area`.
  static func rows(_ area: ConfigurationArea, _ keys: [ConfigurationKey]) -> [ConfigurationKey] {
    keys.map { $0.placed(in: area) }
  }
}

extension ConfigurationKind {
  /// A whole number of at least 0.
  static let count = ConfigurationKind.integer(0...Int64.max)
  /// A whole number of at least 1.
  static let positive = ConfigurationKind.integer(1...Int64.max)
  /// A whole number, -1 for "none".
  static let countOrNone = ConfigurationKind.integer(-1...Int64.max)
  /// A number from 0 to 1.
  static let ratio = ConfigurationKind.number(0...1)
  /// A duration that is never negative.
  static let duration = ConfigurationKind.duration(off: false)
}
