import Testing

@testable import UFS

@Suite("Replies of S3 are read strictly")
struct XMLReaderTests {
  /// The text of `<r>…</r>`.
  private func text(_ content: String) throws(XMLProblem) -> String {
    var xml = XMLReader(Array("<r>\(content)</r>".utf8))
    _ = try xml.root()
    let text = try xml.text()
    try xml.end()
    return text
  }

  @Test("texts have their entities and literal sections resolved")
  func texts() throws {
    #expect(try text("a &amp; b &lt;&gt;&quot;&apos;") == "a & b <>\"'")
    #expect(try text("&#65;&#x42;&#x1F600;ü") == "AB😀ü")
    #expect(try text("<![CDATA[<a>&amp;]]>]]&gt;") == "<a>&amp;]]>")
    #expect(try text("a<!-- no -->b") == "ab")
    #expect(try text("") == "")
    #expect(try text("\n x ") == "\n x ")
  }

  @Test("what is no text is refused")
  func badTexts() {
    let cases: [(String, XMLProblem)] = [
      ("&nbsp;", .unsupported), ("&amp", .malformed), ("&;", .unsupported), ("&#0;", .malformed),
      ("&#xD800;", .malformed), ("&#+65;", .malformed), ("&#x110000;", .malformed),
      ("<b/>", .unexpected), ("<![CDATA[", .truncated),
      (String(repeating: "x", count: XMLReader.textSizeMax + 1), .tooLarge),
    ]
    for (content, problem) in cases {
      #expect(throws: problem, "\(content.prefix(20))") { try text(content) }
    }
    #expect(throws: XMLProblem.malformed) {
      var xml = XMLReader(Array("<r>".utf8) + [0xC3, 0x28] + Array("</r>".utf8))
      _ = try xml.root()
      _ = try xml.text()
    }
  }

  @Test("elements are walked, skipped and matched, with attributes and prefixes")
  func elements() throws {
    let document = """
      <?xml version="1.0" encoding="UTF-8"?>
      <!-- reply -->
      <s:Root xmlns:s="http://x/" a='b > c'><One>1</One>
        <Deep><A><B x="&lt;/B>"/></A>text &unknown; <![CDATA[</Deep>]]></Deep><Empty/><Two >2</Two
      ></s:Root>
      <!-- end -->
      """
    var xml = XMLReader(Array(document.utf8))
    #expect(try xml.root() == "Root")
    var found: [String] = []
    while let name = try xml.child() {
      switch name {
      case "One", "Two": found.append(try xml.text())
      case "Empty":
        #expect(try xml.child() == nil)
        found.append("empty")
      default: try xml.skip()
      }
    }
    try xml.end()
    #expect(found == ["1", "empty", "2"])
  }

  @Test("a document that is cut anywhere is refused")
  func truncated() throws {
    let document = Array(
      "<?xml version=\"1.0\"?><R a=\"1\"><K>x&amp;y</K><S><T/></S><C><![CDATA[z]]></C></R>".utf8)
    func read(_ bytes: [UInt8]) throws(XMLProblem) {
      var xml = XMLReader(bytes)
      guard try xml.root() == "R" else { throw .unexpected }
      while let name = try xml.child() {
        if name == "S" { try xml.skip() } else { _ = try xml.text() }
      }
      try xml.end()
    }
    try read(document)
    for count in 0..<document.count {
      #expect(throws: XMLProblem.self) { try read(Array(document[..<count])) }
    }
  }

  @Test("unbalanced, deep and typed documents are refused")
  func refused() {
    func skip(_ text: String) throws(XMLProblem) {
      var xml = XMLReader(Array(text.utf8))
      _ = try xml.root()
      try xml.skip()
      try xml.end()
    }
    #expect(throws: XMLProblem.unbalanced) { try skip("<a><b></a></b>") }
    #expect(throws: XMLProblem.unexpected) { try skip("<a></a><b/>") }
    #expect(throws: XMLProblem.unexpected) { try skip("plain") }
    #expect(throws: XMLProblem.truncated) { try skip("") }
    #expect(throws: XMLProblem.unsupported) { try skip("<!DOCTYPE a [<!ENTITY x \"y\">]><a/>") }
    let deep = String(repeating: "<a>", count: 1000) + String(repeating: "</a>", count: 1000)
    #expect(throws: XMLProblem.tooLarge) { try skip(deep) }
    #expect(throws: XMLProblem.tooLarge) { try skip("<\(String(repeating: "a", count: 200))/>") }
  }
}
