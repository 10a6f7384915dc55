/// Puts tool calls together from the fragments in which they are streamed.
struct ToolCallAssembly: Sendable {
    private struct Call {
        var id = ""
        var name = ""
        var arguments = ""
    }

    /// By the provider's index of the call, in the order of first sight.
    private var calls: [(index: Int, call: Call)] = []

    mutating func add(index: Int, id: String?, name: String?, arguments: String?) {
        let position: Int
        if let known = calls.firstIndex(where: { $0.index == index }) {
            position = known
        } else {
            position = calls.count
            calls.append((index, Call()))
        }
        if let id, !id.isEmpty {
            calls[position].call.id = id
        }
        calls[position].call.name += name ?? ""
        calls[position].call.arguments += arguments ?? ""
    }

    /// The calls, complete; the assembly is empty afterwards.
    mutating func take() -> [ToolCall] {
        defer { calls = [] }
        return calls.map { entry in
            ToolCall(
                id: entry.call.id.isEmpty ? "call_\(entry.index)" : entry.call.id,
                name: entry.call.name,
                arguments: entry.call.arguments.isEmpty ? "{}" : entry.call.arguments
            )
        }
    }
}
