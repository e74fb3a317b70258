// The descriptors of our services, by file and by the names that they declare.

/// The files of a FileDescriptorSet.
struct DescriptorTable: Sendable {
  /// One file: its bytes, and the files that it imports.
  struct File: Sendable {
    let name: String
    let bytes: [UInt8]
    let imports: [String]
  }

  /// All files by name, and the file of each declared name.
  private(set) var files: [String: File] = [:]
  private(set) var fileOfSymbol: [String: String] = [:]

  /// The table of our own descriptors.
  static let ours = DescriptorTable(decode(descriptorSetDigits))

  /// The table of a serialized FileDescriptorSet.
  init(_ set: [UInt8]) {
    for field in ProtobufFields(set[...]) where field.number == 1 { add(field.bytes) }
  }

  /// The file `name` with all that it imports, each once; nil when there is none.
  func closure(of name: String) -> [File]? {
    guard files[name] != nil else { return nil }
    var found: [File] = []
    var seen: Set<String> = []
    var names = [name]
    while let next = names.popLast() {
      guard seen.insert(next).inserted, let file = files[next] else { continue }
      found.append(file)
      names.append(contentsOf: file.imports)
    }
    return found
  }

  /// Numbers of FileDescriptorProto: name 1, package 2, dependency 3, message 4, enum 5, service 6.
  private mutating func add(_ bytes: ArraySlice<UInt8>) {
    var name = ""
    var scope = ""
    var imports: [String] = []
    for field in ProtobufFields(bytes) {
      switch field.number {
      case 1: name = String(decoding: field.bytes, as: UTF8.self)
      case 2: scope = String(decoding: field.bytes, as: UTF8.self)
      case 3: imports.append(String(decoding: field.bytes, as: UTF8.self))
      default: break
      }
    }
    files[name] = File(name: name, bytes: Array(bytes), imports: imports)
    for field in ProtobufFields(bytes) {
      switch field.number {
      case 4: declare(field.bytes, in: scope, file: name, nested: [3, 4])
      case 5: declare(field.bytes, in: scope, file: name, nested: [])
      case 6: declare(field.bytes, in: scope, file: name, nested: [2])
      default: break
      }
    }
  }

  /// Declares what `bytes` describes and, of messages and services, what is nested in it.
  private mutating func declare(
    _ bytes: ArraySlice<UInt8>, in scope: String, file: String, nested: Set<UInt64>
  ) {
    let fields = ProtobufFields(bytes)
    guard let name = fields.first(where: { $0.number == 1 }) else { return }
    let full = "\(scope).\(String(decoding: name.bytes, as: UTF8.self))"
    fileOfSymbol[full] = file
    for field in fields where nested.contains(field.number) {
      declare(field.bytes, in: full, file: file, nested: field.number == 3 ? [3, 4] : [])
    }
  }

  private static func decode(_ digits: StaticString) -> [UInt8] {
    let text = unsafe UnsafeBufferPointer(start: digits.utf8Start, count: digits.utf8CodeUnitCount)
    return (0..<text.count / 2).map { index in
      unsafe digit(text[2 * index]) << 4 | digit(text[2 * index + 1])
    }
  }

  private static func digit(_ character: UInt8) -> UInt8 {
    character >= UInt8(ascii: "a") ? character &- UInt8(ascii: "a") &+ 10 : character & 0xf
  }
}
