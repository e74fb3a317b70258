// Work for background tasks: those who have nothing to do wait for the next element without a thread.

import Ring

/// A first-in, first-out queue of a bounded length that tasks wait on.
@safe final class WorkQueue<Element: Sendable>: Sendable {
  @safe private struct State {
    var elements: [Element] = []
    var first = 0
    var waiting: [UnsafeContinuation<Void, Never>] = unsafe []
    var isClosed = false

    var count: Int { elements.count - first }

    mutating func take() -> Element? {
      guard first < elements.count else { return nil }
      defer {
        first += 1
        if first == elements.count {
          elements.removeAll(keepingCapacity: true)
          first = 0
        } else if first >= 4096, first * 2 >= elements.count {
          elements.removeFirst(first)
          first = 0
        }
      }
      return elements[first]
    }
  }

  private let state = Locked(State())
  private let countMax: Int

  init(countMax: Int = .max) { self.countMax = countMax }

  /// Elements not taken yet.
  var count: Int { state.withLock { $0.count } }

  /// Adds `element`; false when the queue is full or closed.
  @discardableResult
  func put(_ element: Element) -> Bool {
    let (isTaken, waiter) = unsafe state.withLock { state in
      guard !state.isClosed, state.count < countMax else {
        return unsafe (false, UnsafeContinuation<Void, Never>?.none)
      }
      state.elements.append(element)
      return unsafe (true, state.waiting.popLast())
    }
    unsafe waiter?.resume()
    return isTaken
  }

  /// The next element; waits for one, nil when the queue was closed.
  ///
  /// What is left at closing is not given out.
  func next() async -> Element? {
    while true {
      let (element, isClosed) = state.withLock { state in
        (state.isClosed ? nil : state.take(), state.isClosed)
      }
      if isClosed { return nil }
      if let element { return element }
      await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
        let goesOn = state.withLock { state in
          if state.isClosed || state.count > 0 { return true }
          unsafe state.waiting.append(continuation)
          return false
        }
        if goesOn { unsafe continuation.resume() }
      }
    }
  }

  /// Ends the queue: nobody waits any more.
  func close() {
    let waiting = unsafe state.withLock { state in
      state.isClosed = true
      defer { unsafe state.waiting = [] }
      return unsafe state.waiting
    }
    unsafe waiting.forEach { unsafe $0.resume() }
  }
}

/// Something that happens again and again, and that tasks wait for.
@safe final class Event: Sendable {
  @safe private struct State {
    var waiting: [UnsafeContinuation<Void, Never>] = unsafe []
    var count: UInt64 = 0
    var isClosed = false
  }

  private let state = Locked(State())

  /// How often it happened: taken before looking whether there is something to wait for.
  var count: UInt64 { state.withLock { $0.count } }

  /// Waits until it has happened more than `count` times; at once after `close`.
  func wait(after count: UInt64) async {
    await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      let goesOn = state.withLock { state in
        if state.isClosed || state.count > count { return true }
        unsafe state.waiting.append(continuation)
        return false
      }
      if goesOn { unsafe continuation.resume() }
    }
  }

  /// Lets all who wait go on.
  func happen() { wake { $0.count += 1 } }

  /// Lets all who wait, and will, go on.
  func close() { wake { $0.isClosed = true } }

  private func wake(_ change: (inout State) -> Void) {
    let waiting = unsafe state.withLock { state in
      change(&state)
      defer { unsafe state.waiting = [] }
      return unsafe state.waiting
    }
    unsafe waiting.forEach { unsafe $0.resume() }
  }
}
