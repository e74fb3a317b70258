import Testing

@testable import WorkerDaemon

@Suite("S3Error")
struct S3ErrorTests {
  @Test("outside text cannot break the document")
  func escaping() {
    let text = String(
      decoding: S3Error.body(code: "NoSuchKey", message: "a<b>&\"c\"\u{1}d"), as: UTF8.self)
    #expect(
      text == """
        <?xml version="1.0" encoding="UTF-8"?>
        <Error><Code>NoSuchKey</Code><Message>a&lt;b&gt;&amp;&quot;c&quot; d</Message></Error>
        """)
  }
}
