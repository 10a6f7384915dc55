/// How a bot shows itself in the list of members. Source: Discord API reference, "Update Presence".
struct BotPresence: Hashable, Sendable {
    enum Status: String, CaseIterable, Sendable {
        case online, idle, dnd, invisible
    }

    struct Activity: Hashable, Sendable {
        enum Kind: String, CaseIterable, Sendable {
            case playing, listening, watching, competing, custom

            /// Discord's number.
            var number: Int {
                switch self {
                case .playing: 0
                case .listening: 2
                case .watching: 3
                case .custom: 4
                case .competing: 5
                }
            }
        }

        var kind: Kind
        /// What follows the verb; of a custom status the text itself. 1 to 128 characters.
        var name: String
    }

    var status = Status.online
    var activity: Activity?
}
