/// Why a call of Discord's REST API was not carried out, or may not have been.
package struct DiscordRESTError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// Discord refused it: see `status` and `discordCode`.
        case refused
        /// Still rate limited when its time was over.
        case rateLimited
        /// Too many requests wait already.
        case overloaded
        /// Nothing reached Discord.
        case unreachable
        /// It may or may not have been carried out.
        case outcomeUnknown
        /// The token is wrong; nothing more is sent for this bot.
        case unauthorized
        /// So many refusals that Discord would soon ban this address: nothing is sent until the count falls.
        case suspended
        /// The request makes no sense.
        case invalid
    }

    package let code: Code
    /// Discord's HTTP status; 0 if there was none.
    package let status: Int
    /// Discord's error code, such as 10008; 0 if there was none.
    package let discordCode: Int
    package let message: String
    /// The body of Discord's answer, for those who need the details.
    package let body: [UInt8]

    package init(code: Code, status: Int = 0, discordCode: Int = 0, message: String, body: [UInt8] = []) {
        self.code = code
        self.status = status
        self.discordCode = discordCode
        self.message = message
        self.body = body
    }

    /// Whether the same call may succeed later, without doing harm.
    package var isRetriable: Bool {
        switch code {
        case .rateLimited, .overloaded, .unreachable, .suspended: return true
        case .refused, .outcomeUnknown, .unauthorized, .invalid: return false
        }
    }

    package var description: String {
        var text = "\(code.rawValue): \(message)"
        if status != 0 { text += " (status \(status)\(discordCode == 0 ? "" : ", code \(discordCode)"))" }
        return text
    }
}
