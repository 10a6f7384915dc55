import TestSupport

/// What members have done, and what has come of each of it: counted from what members see, from the calls that Discord
/// received and from the admin API, never from tables.
struct Deeds {
    struct Deed {
        let id: String
        let author: String
        let text: String
    }

    /// A deed of which not exactly that came which had to come.
    struct Fault: CustomStringConvertible {
        let deed: Deed
        let what: String

        var description: String { "\(what): \(deed.text) by \(deed.author), \(deed.id)" }
    }

    private(set) var offences: [Deed] = []
    private(set) var mentions: [Deed] = []
    private(set) var commands: [Deed] = []

    mutating func swear(_ text: String, as author: String, _ troupe: Troupe) async throws {
        let id = try await troupe.playground.write(text, as: author, in: "general")
        offences.append(Deed(id: id, author: author, text: text))
    }

    mutating func mention(_ text: String, as author: String, _ troupe: Troupe) async throws {
        let id = try await troupe.playground.write(text, as: author, in: "general")
        mentions.append(Deed(id: id, author: author, text: text))
    }

    mutating func use(_ command: String, as author: String, _ troupe: Troupe) async throws {
        let id = try await troupe.playground.use(command, as: author)
        commands.append(Deed(id: id, author: author, text: command))
    }

    // MARK: Counting

    /// Waits until everything has come, then until nothing more comes, and looks whether anything came twice.
    ///
    /// - Parameter again: what repeats this run, for the reader of a failure: `RECOVERY_SEED=7`.
    func settle(_ troupe: Troupe, again: String, within limit: Duration = .seconds(180)) async throws {
        var found: [Fault] = []
        do {
            try await eventually("everything has come of what members did", within: limit) {
                // All of it is read each time: that must not take the time of those who are to do it.
                try await Task.sleep(for: .milliseconds(250))
                // The services can still be on their way up.
                guard let now = try? await faults(troupe) else { return false }
                found = now
                return now.isEmpty
            }
            try await untilQuiet(troupe)
            found = try await faults(troupe)
            guard found.isEmpty else { throw ConditionNotMet(what: "nothing comes twice", limit: .zero) }
        } catch {
            throw Unsettled(
                cause: "\(error)",
                again: again,
                faults: found,
                evidence: await Evidence.collect(of: found.map(\.deed.id), troupe)
            )
        }
    }

    /// Waits until our bots have asked nothing of Discord for some seconds.
    private func untilQuiet(_ troupe: Troupe) async throws {
        var last = 0
        var since = ContinuousClock.now
        try await eventually("the bots are quiet", within: .seconds(60)) {
            try await Task.sleep(for: .milliseconds(100))
            let newest = try await troupe.playground.calls(since: last).map(\.number).max() ?? last
            if newest != last { (last, since) = (newest, .now) }
            return ContinuousClock.now - since > .seconds(4)
        }
    }

    private func faults(_ troupe: Troupe) async throws -> [Fault] {
        let general = try await troupe.playground.transcript("general")
        let commandChannel = try await troupe.playground.transcript("bot-commands")
        let calls = try await troupe.playground.calls()
        return faults(offences: general, calls, try await Case.all(troupe))
            + faults(mentions: general) + faults(commands: commandChannel)
    }

    /// Each offending message is deleted, has one case, and its author was told once in that channel.
    private func faults(offences channel: [Playground.Message], _ calls: [Playground.Call], _ cases: [Case]) -> [Fault]
    {
        let present = Set(channel.map(\.id))
        let notices = Dictionary(grouping: channel.filter { $0.bot }) { Self.caseNumber(in: $0.content) }
        let casesByMessage = Dictionary(grouping: cases) { $0.message }
        let deletions = Dictionary(grouping: calls.filter { $0.method == "DELETE" && $0.status == 204 }) {
            $0.path.split(separator: "/").last.map(String.init)
        }
        var faults: [Fault] = []
        for offence in offences {
            func fault(_ what: String) { faults.append(Fault(deed: offence, what: what)) }
            if present.contains(offence.id) { fault("not deleted") }
            if deletions[offence.id]?.count != 1 { fault("\(deletions[offence.id]?.count ?? 0) deletions") }
            let own = casesByMessage[offence.id] ?? []
            guard own.count == 1, let number = own.first?.number else {
                fault("\(own.count) cases")
                continue
            }
            let told = notices[number] ?? []
            if told.count != 1 { fault("\(told.count) notices of case \(number)") }
            if told.contains(where: { $0.mentions != [offence.author] }) { fault("a notice mentions somebody else") }
        }
        return faults
    }

    /// The number in `(case #12)`; nil in anything else.
    private static func caseNumber(in text: String) -> Int? {
        text.firstMatch(of: #/\(case #(\d+)\)/#).flatMap { Int($0.1) }
    }

    /// Each mention has one answer.
    private func faults(mentions channel: [Playground.Message]) -> [Fault] {
        let answers = Dictionary(grouping: channel.filter { $0.bot }) { $0.replyTo }
        return mentions.compactMap { mention in
            let own = answers[mention.id] ?? []
            if own.count != 1 { return Fault(deed: mention, what: "\(own.count) answers") }
            return own.contains { $0.content.isEmpty } ? Fault(deed: mention, what: "an empty answer") : nil
        }
    }

    /// Each command is answered, or its user is told in the channel that it was missed; not both.
    private func faults(commands channel: [Playground.Message]) -> [Fault] {
        let answers = Dictionary(grouping: channel.filter { !$0.loading }) { $0.interaction?.id }
        // A refusal in the channel names its interaction by the nonce, as Discord shows it to every client.
        let refusals = Dictionary(grouping: channel.filter { $0.bot }) { $0.nonce }
        return commands.compactMap { command in
            let answered = answers[command.id] ?? []
            let refused = (refusals[command.id] ?? []).filter { $0.mentions == [command.author] }
            guard answered.count + refused.count == 1 else {
                return Fault(deed: command, what: "\(answered.count) answers and \(refused.count) refusals")
            }
            return nil
        }
    }

    /// A case as the admin API shows it.
    private struct Case: Decodable {
        let number: Int
        let message: String?

        private struct Page: Decodable {
            let items: [Case]
            let next: String?
        }

        static func all(_ troupe: Troupe) async throws -> [Case] {
            var found: [Case] = []
            var path = "/api/cases?limit=200"
            while true {
                let page: Page = try await troupe.admin.get(path)
                found += page.items
                guard let next = page.next else { return found }
                path = "/api/cases?limit=200&cursor=\(next.queryValue)"
            }
        }
    }

    private struct Unsettled: Error, CustomStringConvertible {
        let cause: String
        let again: String
        let faults: [Fault]
        let evidence: String

        var description: String {
            """
            \(again): \(cause)
            \(faults.map { "- \($0)" }.joined(separator: "\n"))
            \(evidence)
            """
        }
    }
}
