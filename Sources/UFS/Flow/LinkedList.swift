// A doubly linked list through its elements: waiters leave from anywhere in constant time.

/// An element that is in at most one list.
protocol LinkedNode: AnyObject {
  /// The neighbours; the list's own business.
  var next: Self? { get set }
  var previous: Self? { get set }
}

/// First-in first-out, with removal from the middle.
struct LinkedList<Node: LinkedNode> {
  /// The ends; nil when it is empty.
  private(set) var first: Node?
  private var last: Node?

  /// An empty list.
  init() {}

  /// Whether nothing is in it.
  var isEmpty: Bool { first == nil }

  /// Adds `node`, which is in no list, at the end.
  mutating func append(_ node: Node) {
    node.previous = last
    if let last { last.next = node } else { first = node }
    last = node
  }

  /// Takes `node`, which is in this list, out.
  mutating func remove(_ node: Node) {
    if let previous = node.previous { previous.next = node.next } else { first = node.next }
    if let next = node.next { next.previous = node.previous } else { last = node.previous }
    (node.next, node.previous) = (nil, nil)
  }
}
