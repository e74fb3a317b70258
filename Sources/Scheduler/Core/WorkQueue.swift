// A queue in one array: taken at the head, added at the tail, compacted as it moves.

/// First in, first out.
struct WorkQueue<Element> {
  private var elements: [Element] = []
  private var head = 0

  /// Elements in the queue.
  var count: Int { elements.count - head }

  /// Whether there is none.
  var isEmpty: Bool { head == elements.count }

  /// The first element.
  var first: Element? { isEmpty ? nil : elements[head] }

  /// Adds an element at the tail.
  mutating func append(_ element: Element) { elements.append(element) }

  /// Takes at most `max` elements from the head while `isWanted` says so; the first is always taken.
  mutating func take(max: Int, while isWanted: (Element) -> Bool) -> [Element] {
    guard !isEmpty, max > 0 else { return [] }
    var end = head + 1
    let limit = Swift.min(elements.count, head + max)
    while end < limit, isWanted(elements[end]) { end += 1 }
    let taken = Array(elements[head..<end])
    head = end
    compact()
    return taken
  }

  /// Takes everything.
  mutating func takeAll() -> [Element] {
    let taken = head == 0 ? elements : Array(elements[head...])
    elements = []
    head = 0
    return taken
  }

  private mutating func compact() {
    if head == elements.count {
      elements.removeAll(keepingCapacity: head <= 4096)
      head = 0
    } else if head >= 1024, head >= elements.count - head {
      elements.removeFirst(head)
      head = 0
    }
  }
}
