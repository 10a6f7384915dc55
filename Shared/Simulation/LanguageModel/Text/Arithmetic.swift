/// The first sum of two whole numbers in a text (`12 * 3`), worked out.
struct Arithmetic: Equatable {
    /// The sum with its result, `12 × 3 = 36`.
    let text: String

    init?(in text: String) {
        let characters = Array(text)
        var index = 0
        while index < characters.count {
            var cursor = index
            if let left = Self.number(characters, &cursor), let sign = Self.sign(characters, &cursor),
                let right = Self.number(characters, &cursor), let result = Self.result(left, sign, right)
            {
                self.text = "\(left) \(sign) \(right) = \(result)"
                return
            }
            index = max(index + 1, characters[index].isNumber ? cursor : index + 1)
        }
        return nil
    }

    private static func number(_ characters: [Character], _ cursor: inout Int) -> Int? {
        while cursor < characters.count, characters[cursor] == " " { cursor += 1 }
        var digits = ""
        while cursor < characters.count, characters[cursor].isASCII, characters[cursor].isNumber, digits.count < 9 {
            digits.append(characters[cursor])
            cursor += 1
        }
        return Int(digits)
    }

    private static func sign(_ characters: [Character], _ cursor: inout Int) -> Character? {
        while cursor < characters.count, characters[cursor] == " " { cursor += 1 }
        guard cursor < characters.count, "+-*×x/÷".contains(characters[cursor]) else { return nil }
        defer { cursor += 1 }
        return ["*": "×", "x": "×", "/": "÷", "-": "−"][characters[cursor]] ?? characters[cursor]
    }

    private static func result(_ left: Int, _ sign: Character, _ right: Int) -> String? {
        switch sign {
        case "+": return String(left + right)
        case "−": return String(left - right)
        case "×": return String(left * right)
        default:
            guard right != 0 else { return nil }
            return left % right == 0 ? String(left / right) : String(Double(left * 100 / right) / 100)
        }
    }
}
