// A regular expression over paths, matched in time proportional to path × pattern whatever the pattern is.
//
// Rule files come from people and are written for Java's engine, which backtracks: one bad pattern can stop it for hours.
// Here a pattern becomes a small program whose states run side by side (Thompson, Pike), so there is nothing to backtrack
// into. What cannot be done that way (looking around, back references, possessive quantifiers) is refused by name.

/// A compiled pattern that matches whole paths.
package struct PathPattern: Sendable {
  /// One step of the program.
  enum Step: Sendable {
    /// Takes one scalar of the class with this number.
    case take(Int)
    /// Goes on at both places.
    case split(Int, Int)
    /// Goes on at another place.
    case jump(Int)
    /// Goes on at the start of the path alone.
    case start
    /// Goes on at the end of the path alone.
    case end
    /// The path matches if it ends here.
    case match
  }

  /// Steps a pattern may have: what bounds the time of a match.
  static let stepCountMax = 2000

  /// The pattern as it was written.
  package let text: String
  private let steps: [Step]
  private let classes: [ScalarClass]

  /// The pattern written as `text`.
  ///
  /// - Throws: what is wrong with it, or what of Java's syntax is not taken, and where.
  package init(_ text: String) throws(PatternProblem) {
    var parser = PatternParser(text)
    let node = try parser.parse()
    var compiler = PatternCompiler(text)
    try compiler.emit(node)
    self.text = text
    steps = compiler.steps + [.match]
    classes = compiler.classes
  }

  /// Whether the whole of `path` matches.
  package func matches(_ path: String) -> Bool {
    var current = StateSet(count: steps.count)
    var following = StateSet(count: steps.count)
    let scalars = Array(path.unicodeScalars)
    add(0, to: &current, position: 0, count: scalars.count)
    for (position, scalar) in scalars.enumerated() {
      if current.states.isEmpty { return false }
      following.removeAll()
      for state in current.states {
        guard case .take(let number) = steps[state], classes[number].contains(scalar.value) else {
          continue
        }
        add(state + 1, to: &following, position: position + 1, count: scalars.count)
      }
      swap(&current, &following)
    }
    return current.contains(steps.count - 1)
  }

  /// Adds `first` and all that is reached from it without taking a scalar.
  private func add(_ first: Int, to set: inout StateSet, position: Int, count: Int) {
    var pending = [first]
    while let state = pending.popLast() {
      guard set.insert(state) else { continue }
      switch steps[state] {
      case .split(let left, let right): pending += [left, right]
      case .jump(let target): pending.append(target)
      case .start: if position == 0 { pending.append(state + 1) }
      case .end: if position == count { pending.append(state + 1) }
      case .take, .match: break
      }
    }
  }
}

/// States that are active at one position, without repetition.
private struct StateSet {
  private(set) var states: [Int] = []
  private var isMember: [Bool]

  init(count: Int) { isMember = Array(repeating: false, count: count) }

  func contains(_ state: Int) -> Bool { isMember[state] }

  mutating func insert(_ state: Int) -> Bool {
    guard !isMember[state] else { return false }
    isMember[state] = true
    states.append(state)
    return true
  }

  mutating func removeAll() {
    for state in states { isMember[state] = false }
    states.removeAll(keepingCapacity: true)
  }
}
