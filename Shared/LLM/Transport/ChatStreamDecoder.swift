/// Turns one provider's events into ours: a pure machine, one value for each answer.
protocol ChatStreamDecoder: Sendable {
    /// Takes the next event.
    ///
    /// - Returns: What it means; with `.finished` as the last element the answer is complete and nothing more is fed.
    mutating func decode(_ event: ServerSentEvent) throws(LanguageModelError) -> [ChatEvent]

    /// Takes the whole answer of a server that did not stream although it was asked to.
    mutating func decode(whole body: [UInt8]) throws(LanguageModelError) -> [ChatEvent]

    /// The connection ended in order, without a `.finished` so far.
    ///
    /// - Throws: `.badResponse` when the answer is cut off.
    mutating func end() throws(LanguageModelError) -> [ChatEvent]
}

extension LanguageModelError {
    static let cutOff = LanguageModelError(.badResponse, "the stream ended in the middle of the answer")

    static func undecodable(_ what: String, _ data: String) -> LanguageModelError {
        LanguageModelError(.badResponse, "\(what) cannot be read: \(data.prefix(200))")
    }
}
