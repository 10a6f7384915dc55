/// Writes the local model's answers: a function of the request alone.
///
/// The voice and the name come from the system prompt, the language and the intent from the last message of the user.
package enum AnswerComposer {
    /// A long answer passes Discord's limit of 2000 characters a message.
    private static let longAnswer = 2_600

    package static func answer(to request: ModelRequest) -> ModelAnswer {
        let inputTokens =
            Tokenizer.count(request.system) + request.turns.reduce(0) { $0 + Tokenizer.count($1.text) + 3 }
        if let call = ToolCaller.call(for: request) {
            return ModelAnswer(pieces: [], toolCalls: [call], stopReason: .toolCalls, inputTokens: inputTokens)
        }
        var text = text(for: request)
        if request.wantsJSON { text = JSONValue.object(["answer": .string(text)]).text }

        var stopReason = ModelAnswer.StopReason.finished
        for stop in request.stopSequences where !stop.isEmpty {
            if let before = prefix(of: text, before: stop) {
                text = before
                stopReason = .stopSequence(stop)
            }
        }
        var pieces = Tokenizer.pieces(of: text)
        if let maximum = request.maximumTokens, pieces.count > maximum {
            pieces.removeLast(pieces.count - maximum)
            stopReason = .length
        }
        return ModelAnswer(pieces: pieces, toolCalls: [], stopReason: stopReason, inputTokens: inputTokens)
    }

    static func text(for request: ModelRequest) -> String {
        let persona = PersonaReading(systemPrompt: request.system)
        let last = request.turns.last { $0.role == .user }?.text ?? ""
        let message = MemberMessage(last)
        let intent = Intent(of: message)
        let book = Phrasebook.of(ModelLanguage(of: message.text))
        var choice = SeededChoice(seed: "\(request.system)\u{0}\(last)\u{0}\(request.turns.count)")

        var text: String
        if let result = request.turns.last, result.role == .tool {
            text = book.toolResult.replacing("{result}", with: result.text.prefix(600)) + " "
            text += choice.pick(book.lines(for: persona.voice).closings)
        } else {
            text = body(intent, book: book, lines: book.lines(for: persona.voice), choice: &choice)
        }
        text =
            text
            .replacing("{user}", with: message.author ?? book.friend)
            .replacing("{name}", with: persona.name ?? "Echo")
            .replacing("{traits}", with: persona.traits.isEmpty ? "helpful" : persona.traits.joined(separator: ", "))
            .replacing("{topic}", with: message.topic ?? book.something)
        if persona.wantsKarmaTag {
            text += " [K:\(intent.karma < 0 ? "" : "+")\(intent.karma)]"
        }
        return text
    }

    private static func body(
        _ intent: Intent,
        book: Phrasebook,
        lines: Phrasebook.Lines,
        choice: inout SeededChoice
    ) -> String {
        switch intent {
        case .greeting: return sentences(choice.pick(lines.greetings), choice.pick(lines.closings))
        case .identity: return choice.pick(lines.identity)
        case .thanks: return choice.pick(lines.thanks)
        case .insult: return choice.pick(lines.retorts)
        case .echo(let text): return text
        case .arithmetic(let sum):
            return sentences(choice.pick(lines.openings), book.sum.replacing("{sum}", with: sum))
        case .question:
            return sentences(choice.pick(lines.openings), choice.pick(lines.thoughts), choice.pick(lines.closings))
        case .remark: return sentences(choice.pick(lines.thoughts), choice.pick(lines.closings))
        case .list:
            let items = book.listItems.shuffled(using: &choice).prefix(4).map { "- \($0)" }
            return ([book.listIntroduction] + items + ["", choice.pick(lines.closings)]).joined(separator: "\n")
        case .code:
            return [book.codeIntroduction, CodeSample.short, choice.pick(lines.closings)].joined(separator: "\n")
        case .story: return story(book, lines: lines, choice: &choice)
        }
    }

    /// Paragraphs before and after a block of code that itself lies across the 2000th character.
    private static func story(_ book: Phrasebook, lines: Phrasebook.Lines, choice: inout SeededChoice) -> String {
        var text = "**\(book.storyTitle)**\n\n"
        while text.count < longAnswer - 1_200 {
            text += book.storySentences.shuffled(using: &choice).prefix(4).joined(separator: " ") + "\n\n"
        }
        text += "\(book.storyCode)\n\n\(CodeSample.long)\n\n"
        while text.count < longAnswer {
            text += book.storySentences.shuffled(using: &choice).prefix(3).joined(separator: " ") + "\n\n"
        }
        return text + sentences(book.storyEnd, choice.pick(lines.closings))
    }

    private static func sentences(_ parts: String...) -> String {
        parts.filter { !$0.isEmpty }.joined(separator: " ")
    }

    private static func prefix(of text: String, before needle: String) -> String? {
        let ranges = text.ranges(of: needle)
        return ranges.first.map { String(text[..<$0.lowerBound]) }
    }
}
