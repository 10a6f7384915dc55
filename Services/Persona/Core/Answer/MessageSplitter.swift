/// Lays a growing text out over Discord messages.
///
/// - No page is longer than the limit, counted in UTF-16 units: Discord counts code points, of which there are never more.
/// - Whole characters stay whole; words, sentences and lines where possible.
/// - A code block that does not end on its page is closed there and opened again on the next, with its language.
/// - Growing: once a text has spilled over, the finished pages do not change any more, whatever is appended, and there
///   are never fewer pages than before. So finished messages need no further edits.
struct MessageSplitter: Sendable {
    /// Discord's limit for a message's content.
    static let discordLimit = 2000

    private static let closing = "\n```"

    let limit: Int

    /// - Parameter limit: UTF-16 units a page may have; at least 64.
    init(limit: Int = Self.discordLimit) {
        self.limit = max(limit, 64)
    }

    /// The pages of the text, without those that would show nothing.
    func pages(of text: String) -> [String] {
        var pages: [String] = []
        var rest = text.drop(while: \.isWhitespace)
        var open: String?
        while !rest.isEmpty {
            let prefix = open.map { $0 + "\n" } ?? ""
            let room = limit - prefix.utf16.count
            let fences = CodeFences(rest, open: open)
            // The closing run keeps its place on every page with a block, whether it is needed or not: a page must not
            // become whole again when the block ends.
            let isCoded = open != nil || fences.hasFence
            if rest.utf16.count <= room - (isCoded ? Self.closing.utf16.count : 0) {
                let page = prefix + rest.trimmingTrailingWhitespace + (fences.open == nil ? "" : Self.closing)
                pages.append(page)
                break
            }
            let cut = cut(rest, room: room - Self.closing.utf16.count, open: open)
            let body = rest[..<cut]
            let state = CodeFences(body, open: open)
            let shown = body.trimmingTrailingWhitespace
            if !shown.isEmpty {
                pages.append(prefix + shown + (state.open == nil ? "" : Self.closing))
            }
            open = state.open
            rest = rest[cut...]
            // In code only the line break goes: indentation has a meaning.
            if open == nil {
                rest = rest.drop(while: \.isWhitespace)
            } else if rest.first?.isNewline == true {
                rest = rest.dropFirst()
            }
        }
        return pages
    }

    /// Where to end the page that begins with `text`; depends on nothing behind the window but the next character.
    private func cut(_ text: Substring, room: Int, open: String?) -> String.Index {
        let window = window(of: text, room: room)
        let middle = text.utf16.index(text.startIndex, offsetBy: room / 2, limitedBy: text.endIndex) ?? text.endIndex
        let fences = CodeFences(window, open: open)
        // A block that begins late moves to the next page as a whole, and so does one of which only the opening line
        // has room.
        if let opening = fences.opening, let code = fences.code, opening > text.startIndex,
            opening >= middle || text[code..<window.endIndex].allSatisfy(\.isWhitespace)
        {
            return opening
        }
        let isInCode = fences.open != nil
        let late = window[middle...]
        let breaks: [String.Index?] = [
            isInCode ? nil : late.lastParagraphBreak,
            late.lastIndex(where: \.isNewline),
            isInCode ? nil : late.lastSentenceEnd(before: text),
            boundary(after: window, in: text),
            late.lastIndex(where: \.isWhitespace),
            window.dropFirst().lastIndex(where: \.isWhitespace),
        ]
        if let found = breaks.compactMap(\.self).first(where: { $0 > text.startIndex }) {
            return found
        }
        // Nothing to break at: anywhere but inside a run of backticks.
        let bare = window.prefix(upTo: window.endIndex).reversed().drop { $0 == "`" }
        return bare.isEmpty ? window.endIndex : bare.startIndex.base
    }

    /// The window's end, if a word ends there anyway.
    private func boundary(after window: Substring, in text: Substring) -> String.Index? {
        guard window.endIndex < text.endIndex, text[window.endIndex].isWhitespace else { return nil }
        return window.endIndex
    }

    /// The longest beginning in whole characters that has room; a character that alone is too long is broken between
    /// its scalars.
    private func window(of text: Substring, room: Int) -> Substring {
        var units = 0
        var end = text.startIndex
        while end < text.endIndex {
            units += text[end].utf16.count
            guard units <= room else { break }
            end = text.index(after: end)
        }
        guard end == text.startIndex else { return text[..<end] }
        units = 0
        while end < text.endIndex {
            units += text.unicodeScalars[end].utf16.count
            guard units <= room else { break }
            end = text.unicodeScalars.index(after: end)
        }
        return text[..<end]
    }
}

extension Substring {
    fileprivate var trimmingTrailingWhitespace: Substring {
        guard let last = lastIndex(where: { !$0.isWhitespace }) else { return self[startIndex..<startIndex] }
        return self[...last]
    }

    /// The beginning of the last empty line.
    fileprivate var lastParagraphBreak: String.Index? {
        var index = endIndex
        while index > startIndex {
            let before = self.index(before: index)
            if self[before].isNewline, before > startIndex, self[self.index(before: before)].isNewline {
                return self.index(before: before)
            }
            index = before
        }
        return nil
    }

    /// Behind the last full stop, question or exclamation mark that a space follows, or its East Asian equal.
    fileprivate func lastSentenceEnd(before text: Substring) -> String.Index? {
        var index = endIndex
        while index > startIndex {
            let before = self.index(before: index)
            let mark = self[before]
            if "。！？".contains(mark) { return index }
            if ".!?…".contains(mark), index < text.endIndex, text[index].isWhitespace { return index }
            index = before
        }
        return nil
    }
}
