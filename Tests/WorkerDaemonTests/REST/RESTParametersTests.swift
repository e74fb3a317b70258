// Parameters other than paths.

import Testing
import WorkerDaemon

@Suite struct RESTParametersTests {
  private func parameters(_ query: String) -> RESTParameters {
    RESTParameters(form: Array(query.utf8)[...])
  }

  @Test("booleans are read without case; anything else is 400 by name")
  func readsBooleans() throws {
    let query = parameters("a=True&b=FALSE&c=true&d=yes&e=")
    #expect(try query.boolean("a"))
    #expect(try !query.boolean("b", absent: true))
    #expect(try query.boolean("c"))
    #expect(try query.boolean("e", absent: true))
    #expect(try !query.boolean("missing"))
    #expect(throws: RESTProblem(400, "Parameter 'd' must be true or false, not 'yes'")) {
      try query.boolean("d")
    }
  }

  @Test(
    "numbers that are negative, too large or no numbers are 400 and name the parameter",
    arguments: [
      "-1", "9223372036854775808", "99999999999999999999999999", "1e3", "0x10", " 1", "1.5", "+1",
    ])
  func refusesBadNumbers(text: String) throws {
    let query = parameters("offset=\(text.replacing("+", with: "%2B").replacing(" ", with: "%20"))")
    do {
      _ = try query.count("offset")
      Issue.record("\(text) was taken for a number")
    } catch {
      #expect(error.status == 400)
      #expect(error.message.contains("'offset'"))
    }
  }

  @Test("numbers up to the largest 64-bit integer are read")
  func readsNumbers() throws {
    let query = parameters("a=0&b=9223372036854775807&c=007")
    #expect(try query.count("a") == 0)
    #expect(try query.count("b") == .max)
    #expect(try query.count("c") == 7)
    #expect(try query.count("missing") == nil)
  }

  @Test("the first of a repeated name counts, a name without a value is empty, junk is ignored")
  func readsLeniently() {
    let query = parameters("a=1&a=2&b&=x&&c=d=e&%ff=1")
    #expect(query.text("a") == "1")
    #expect(query.text("b") == "")
    #expect(query.text("c") == "d=e")
  }
}
