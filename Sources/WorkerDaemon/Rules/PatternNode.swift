// A pattern as a tree, and how the tree becomes a program.

/// A part of a pattern.
indirect enum PatternNode {
  /// One scalar of a class.
  case take(ScalarClass)
  /// The start of the path.
  case start
  /// The end of the path.
  case end
  /// One after the other; of none, nothing.
  case sequence([PatternNode])
  /// One of several.
  case choice([PatternNode])
  /// At least `min` and at most `max` times; nil is without end.
  case repetition(PatternNode, min: Int, max: Int?)
}

/// Turns a tree into steps.
struct PatternCompiler {
  private(set) var steps: [PathPattern.Step] = []
  private(set) var classes: [ScalarClass] = []
  private let text: String

  /// A compiler for the pattern written as `text`.
  init(_ text: String) { self.text = text }

  private mutating func add(_ step: PathPattern.Step) throws(PatternProblem) {
    guard steps.count < PathPattern.stepCountMax else {
      throw PatternProblem(
        pattern: text,
        what: "it is too large (more than \(PathPattern.stepCountMax) steps); split it",
        position: text.unicodeScalars.count)
    }
    steps.append(step)
  }

  /// Appends the steps of `node`.
  ///
  /// - Throws: when the program becomes too large.
  mutating func emit(_ node: PatternNode) throws(PatternProblem) {
    switch node {
    case .take(let scalars):
      classes.append(scalars)
      try add(.take(classes.count - 1))
    case .start: try add(.start)
    case .end: try add(.end)
    case .sequence(let nodes): for node in nodes { try emit(node) }
    case .choice(let nodes): try emit(choice: nodes)
    case .repetition(let node, let min, let max):
      for _ in 0..<min {
        let before = steps.count
        try emit(node)
        // Nothing any number of times is nothing; counting it out could take for ever.
        if steps.count == before { return }
      }
      if let max {
        for _ in min..<max { try emit(optional: node) }
      } else {
        try emit(loop: node)
      }
    }
  }

  private mutating func emit(choice nodes: [PatternNode]) throws(PatternProblem) {
    var ends: [Int] = []
    for node in nodes.dropLast() {
      let fork = steps.count
      try add(.split(fork + 1, fork + 1))
      try emit(node)
      ends.append(steps.count)
      try add(.jump(0))
      steps[fork] = .split(fork + 1, steps.count)
    }
    if let last = nodes.last { try emit(last) }
    for end in ends { steps[end] = .jump(steps.count) }
  }

  private mutating func emit(optional node: PatternNode) throws(PatternProblem) {
    let fork = steps.count
    try add(.split(fork + 1, fork + 1))
    try emit(node)
    steps[fork] = .split(fork + 1, steps.count)
  }

  private mutating func emit(loop node: PatternNode) throws(PatternProblem) {
    let fork = steps.count
    try add(.split(fork + 1, fork + 1))
    try emit(node)
    try add(.jump(fork))
    steps[fork] = .split(fork + 1, steps.count)
  }
}
