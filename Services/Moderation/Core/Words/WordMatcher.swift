/// Finds words of a list in a text, all of them in one pass whose time depends on the text's length alone.
///
/// It is an Aho–Corasick automaton over folded bytes. A word stands alone: `floopword` is not found in `floopwords`
/// unless the list says `floopword*`. Words in scripts that write no spaces (Han, Kana, Hangul, Thai) are found anywhere.
final class WordMatcher: Sendable {
    /// The words as an admin wrote them, in the order given.
    let words: [String]
    private let automaton: WordAutomaton

    /// Words that fold to nothing are skipped: they would match everything.
    init(words: [String]) {
        self.words = words
        automaton = WordAutomaton(words)
    }

    /// The first word found, as it stands in the list; nil when none is there.
    func firstMatch(in text: some StringProtocol) -> String? {
        automaton.firstMatch(in: text).map { words[$0] }
    }
}

/// The states, flat.
private struct WordAutomaton {
    /// The column of each byte in `transitions`; bytes that no word has share column 0.
    private var columns = [UInt8](repeating: 0, count: 256)
    private var columnCount = 1
    /// The next state by state and column, flat.
    private var transitions: [Int32]
    /// The word that ends in a state, or -1.
    private var endings: [Int32]

    init(_ words: [String]) {
        let patterns = words.map { WordPattern($0).bytes }
        for byte in Set(patterns.joined()).sorted() {
            columns[Int(byte)] = UInt8(truncatingIfNeeded: columnCount)
            columnCount += 1
        }
        transitions = [Int32](repeating: -1, count: columnCount)
        endings = [-1]
        for (index, pattern) in patterns.enumerated() where !pattern.isEmpty {
            insert(pattern, word: Int32(index))
        }
        completeTransitions()
    }

    /// The index of the first word found.
    func firstMatch(in text: some StringProtocol) -> Int? {
        guard endings.count > 1 else { return nil }
        return columns.withUnsafeBufferPointer { columns in
            transitions.withUnsafeBufferPointer { transitions in
                endings.withUnsafeBufferPointer { endings in
                    let start = Search(
                        columns: columns,
                        columnCount: columnCount,
                        transitions: transitions,
                        endings: endings
                    )
                    var search = start
                    // Nearly all texts are ASCII: they are searched as they are folded.
                    let isASCII = text.utf8.withContiguousStorageIfAvailable { search.runASCII($0) } ?? false
                    if !isASCII {
                        search = start
                        search.run(FoldedText(text).bytes)
                    }
                    return search.found
                }
            }
        }
    }

    /// A way through the automaton.
    private struct Search {
        let columns: UnsafeBufferPointer<UInt8>
        let columnCount: Int
        let transitions: UnsafeBufferPointer<Int32>
        let endings: UnsafeBufferPointer<Int32>
        private var state = 0
        /// The index of the word found.
        private(set) var found: Int?

        init(
            columns: UnsafeBufferPointer<UInt8>,
            columnCount: Int,
            transitions: UnsafeBufferPointer<Int32>,
            endings: UnsafeBufferPointer<Int32>
        ) {
            self.columns = columns
            self.columnCount = columnCount
            self.transitions = transitions
            self.endings = endings
        }

        /// Takes the next byte of a folded text; false when a word is found, and nothing more is to be looked at.
        @inline(__always)
        private mutating func step(_ byte: UInt8) -> Bool {
            let column = Int(columns[Int(byte)])
            state = Int(transitions[state &* columnCount &+ column])
            let ending = endings[state]
            if ending >= 0 { found = Int(ending) }
            return ending < 0
        }

        mutating func run(_ folded: [UInt8]) {
            for byte in folded { guard step(byte) else { return } }
        }

        /// Searches a text of ASCII without writing its fold down; false when it is none.
        mutating func runASCII(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
            guard step(FoldedText.space) else { return true }
            var isSeparated = true
            for byte in text {
                guard let folded = FoldedText.fold(ascii: byte) else { return false }
                if folded == FoldedText.space {
                    if isSeparated { continue }
                    isSeparated = true
                } else {
                    isSeparated = false
                }
                guard step(folded) else { return true }
            }
            if !isSeparated { _ = step(FoldedText.space) }
            return true
        }
    }

    private mutating func insert(_ pattern: [UInt8], word: Int32) {
        var state = 0
        for byte in pattern {
            let index = state * columnCount + Int(columns[Int(byte)])
            if transitions[index] < 0 {
                transitions[index] = Int32(endings.count)
                transitions.append(contentsOf: repeatElement(-1, count: columnCount))
                endings.append(-1)
            }
            state = Int(transitions[index])
        }
        if endings[state] < 0 { endings[state] = word }
    }

    /// Turns the tree into an automaton: breadth first, each state takes the missing steps of its longest proper suffix.
    private mutating func completeTransitions() {
        var suffix = [Int32](repeating: 0, count: endings.count)
        var queue: [Int] = []
        for column in 0..<columnCount {
            if transitions[column] < 0 {
                transitions[column] = 0
            } else {
                queue.append(Int(transitions[column]))
            }
        }
        var next = 0
        while next < queue.count {
            let state = queue[next]
            next += 1
            let fallback = Int(suffix[state])
            if endings[state] < 0 { endings[state] = endings[fallback] }
            for column in 0..<columnCount {
                let index = state * columnCount + column
                let target = transitions[fallback * columnCount + column]
                if transitions[index] < 0 {
                    transitions[index] = target
                } else {
                    suffix[Int(transitions[index])] = target
                    queue.append(Int(transitions[index]))
                }
            }
        }
    }
}

/// A word of a list as the bytes that are searched for.
struct WordPattern {
    /// Empty when nothing is left to search for.
    let bytes: [UInt8]

    init(_ word: String) {
        let opensFreely = word.hasPrefix("*") || word.unicodeScalars.contains(where: \.isWrittenWithoutSpaces)
        let endsFreely = word.hasSuffix("*") || word.unicodeScalars.contains(where: \.isWrittenWithoutSpaces)
        var folded = FoldedText(word).bytes
        guard folded.count > 2 else {
            bytes = []
            return
        }
        if opensFreely { folded.removeFirst() }
        if endsFreely { folded.removeLast() }
        bytes = folded
    }
}

extension Unicode.Scalar {
    /// Scripts in which a word's end shows by no space: Thai, Hangul, Kana, Han.
    fileprivate var isWrittenWithoutSpaces: Bool {
        switch value {
        case 0x0E00...0x0E7F, 0x1100...0x11FF, 0x3040...0x30FF, 0x3130...0x318F, 0x3400...0x4DBF, 0x4E00...0x9FFF,
            0xAC00...0xD7AF, 0x20000...0x3FFFF:
            true
        default:
            false
        }
    }
}
