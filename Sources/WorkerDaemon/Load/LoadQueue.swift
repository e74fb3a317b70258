// A bounded queue between the listing and the fills of one load job: the listing waits when it is ahead.

import Synchronization

/// A task that waits for a queue.
// SAFETY: whoever takes it off its list, under the lock, resumes it; so it is resumed once.
@safe private struct Waiter: Sendable {
  private let continuation: UnsafeContinuation<Void, Never>

  init(_ continuation: UnsafeContinuation<Void, Never>) {
    unsafe self.continuation = unsafe continuation
  }

  func resume() { unsafe continuation.resume() }
}

/// A bounded queue of `Element` for one or more producers and consumers.
package final class LoadQueue<Element: Sendable>: Sendable {
  private struct State {
    var elements: [Element] = []
    var head = 0
    var isClosed = false
    var producers: [Waiter] = []
    var consumers: [Waiter] = []

    var count: Int { elements.count - head }

    mutating func pop() -> Element {
      let element = elements[head]
      head += 1
      if head == elements.count || head >= 1024 {
        elements.removeFirst(head)
        head = 0
      }
      return element
    }
  }

  private let state = Mutex(State())
  private let capacity: Int

  /// A queue for `capacity` elements.
  package init(capacity: Int) {
    precondition(capacity > 0, "a queue has room for an element")
    self.capacity = capacity
  }

  /// Whether elements wait for a consumer.
  var hasElements: Bool { state.withLock { $0.count > 0 } }

  /// Adds `element`, waiting for room; false when the queue is closed.
  package func push(_ element: Element) async -> Bool {
    while true {
      switch offer(element) {
      case .taken: return true
      case .closed: return false
      case .wait: await wait(for: \.producers) { $0.count >= self.capacity }
      }
    }
  }

  /// The next element, waiting for one; nil when the queue is closed and empty.
  package func next() async -> Element? {
    while true {
      switch take() {
      case .element(let element): return element
      case .closed: return nil
      case .wait: await wait(for: \.consumers) { $0.count == 0 }
      }
    }
  }

  /// Lets the consumers finish what is queued; nothing more is taken in.
  package func close() { end { $0.isClosed = true } }

  /// Drops what is queued and lets everyone go.
  package func cancel() {
    end {
      $0.isClosed = true
      $0.elements = []
      $0.head = 0
    }
  }

  private enum Offer { case taken, closed, wait }
  private enum Take { case element(Element), closed, wait }

  private func offer(_ element: Element) -> Offer {
    let (offer, woken): (Offer, Waiter?) = state.withLock { state in
      guard !state.isClosed else { return (.closed, nil) }
      guard state.count < capacity else { return (.wait, nil) }
      state.elements.append(element)
      return (.taken, state.consumers.popLast())
    }
    woken?.resume()
    return offer
  }

  private func take() -> Take {
    let (take, woken): (Take, Waiter?) = state.withLock { state in
      guard state.count > 0 else { return (state.isClosed ? .closed : .wait, nil) }
      return (.element(state.pop()), state.producers.popLast())
    }
    woken?.resume()
    return take
  }

  private func wait(
    for side: WritableKeyPath<State, [Waiter]>, while isBlocked: (State) -> Bool
  ) async {
    await unsafe withUnsafeContinuation { continuation in
      let waiter = unsafe Waiter(continuation)
      let waits = state.withLock { state in
        guard !state.isClosed, isBlocked(state) else { return false }
        state[keyPath: side].append(waiter)
        return true
      }
      if !waits { waiter.resume() }
    }
  }

  private func end(_ change: (inout State) -> Void) {
    let woken = state.withLock { state in
      change(&state)
      let all = state.producers + state.consumers
      state.producers = []
      state.consumers = []
      return all
    }
    for waiter in woken { waiter.resume() }
  }
}
