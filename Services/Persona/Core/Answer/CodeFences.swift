/// Where a text stands with respect to Discord's code blocks.
///
/// Discord opens a block at any run of three or more backticks, also in the middle of a line, and closes it at the
/// next. A word directly behind the opening run that ends its line names the language.
struct CodeFences: Sendable, Equatable {
    /// The line that opens the block in which the text ends, such as "```swift"; nil outside of blocks.
    private(set) var open: String?
    /// Where that block begins in the text; nil if it was open before the text began.
    private(set) var opening: String.Index?
    /// Where the code of that block begins: behind its opening line.
    private(set) var code: String.Index?
    /// The text has at least one run of backticks that opens or closes a block.
    private(set) var hasFence = false

    /// Reads a text that begins inside a block opened by `open`, or outside of blocks when it is nil.
    init(_ text: Substring, open: String? = nil) {
        self.open = open
        var index = text.startIndex
        while let start = text[index...].firstIndex(of: "`") {
            var end = start
            while end < text.endIndex, text[end] == "`" {
                end = text.index(after: end)
            }
            index = end
            guard text.distance(from: start, to: end) >= 3 else { continue }
            hasFence = true
            if self.open != nil {
                self.open = nil
                opening = nil
                code = nil
            } else {
                let language = text[end...].prefix { $0.isLetter || $0.isNumber || "+#-_.".contains($0) }
                let endsLine = language.endIndex == text.endIndex || text[language.endIndex].isNewline
                self.open = "```" + (endsLine ? String(language) : "")
                opening = start
                code = endsLine ? language.endIndex : end
            }
        }
    }
}
