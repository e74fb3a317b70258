// The standard reflection service: tools such as grpcurl learn methods and messages from it.

package import RPC

/// Answers `grpc.reflection.v1alpha.ServerReflection`.
package enum ReflectionService {
  private static let info = RPCMethod<[UInt8], [UInt8]>(
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", request: .bytes,
    response: .bytes)

  /// Answers questions about what `server` answers; before its start, after all other methods.
  package static func register(on server: RPCServer) {
    let services = services(of: server.methodPaths + [info.path])
    server.registerStreams(info) { questions, answers, _ throws(RPCError) in
      while let question = try await questions.next() {
        try await answers.send(answer(question, services: services))
      }
    }
  }

  /// The services of `/service/method` paths, each once, in order of the alphabet.
  private static func services(of paths: [String]) -> [String] {
    Set(paths.compactMap { $0.split(separator: "/").first.map(String.init) }).sorted()
  }

  /// Numbers of ServerReflectionRequest: file 3, symbol 4, extension 5, extensions of 6, services 7;
  /// of ServerReflectionResponse: question 2, files 4, extensions 5, services 6, failure 7.
  static func answer(_ question: [UInt8], services: [String]) -> [UInt8] {
    var answer = ProtobufWriter()
    answer.append(2, question)
    let asked = ProtobufFields(question[...]).filter { (3...7).contains($0.number) }.last
    let text = String(decoding: asked?.bytes ?? [], as: UTF8.self)
    switch asked?.number {
    case 3: answerFile(text, to: &answer)
    case 4: answerFile(DescriptorTable.ours.fileOfSymbol[text] ?? "", to: &answer)
    case 7:
      var list = ProtobufWriter()
      for service in services {
        var name = ProtobufWriter()
        name.append(1, service.utf8)
        list.append(1, name.bytes)
      }
      answer.append(6, list.bytes)
    default: fail("there are no extensions here", to: &answer)
    }
    return answer.bytes
  }

  private static func answerFile(_ name: String, to answer: inout ProtobufWriter) {
    guard let files = DescriptorTable.ours.closure(of: name) else {
      return fail("no such name", to: &answer)
    }
    var list = ProtobufWriter()
    for file in files { list.append(1, file.bytes) }
    answer.append(4, list.bytes)
  }

  private static func fail(_ message: String, to answer: inout ProtobufWriter) {
    var failure = ProtobufWriter()
    failure.append(1, UInt64(RPCStatusCode.notFound.rawValue))
    failure.append(2, message.utf8)
    answer.append(7, failure.bytes)
  }
}
