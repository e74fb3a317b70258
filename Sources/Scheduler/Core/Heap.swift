// A binary heap: the least element first.

/// Elements of which the least can be taken.
struct Heap<Element> {
  private var elements: [Element] = []
  private let isLess: (Element, Element) -> Bool

  /// An empty heap in the order of `isLess`.
  init(by isLess: @escaping (Element, Element) -> Bool) { self.isLess = isLess }

  /// Elements in the heap.
  var count: Int { elements.count }

  /// The least element.
  var first: Element? { elements.first }

  /// Adds an element.
  mutating func insert(_ element: Element) {
    elements.append(element)
    var child = elements.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard isLess(elements[child], elements[parent]) else { return }
      elements.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes the least element.
  mutating func takeFirst() -> Element? {
    guard let first = elements.first else { return nil }
    let last = elements.removeLast()
    if !elements.isEmpty {
      elements[0] = last
      sink()
    }
    return first
  }

  private mutating func sink() {
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < elements.count {
        if isLess(elements[child], elements[least]) { least = child }
      }
      if least == parent { return }
      elements.swapAt(parent, least)
      parent = least
    }
  }
}
