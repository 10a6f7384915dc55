import DiscordModel
import MusicCore
import Testing

@Suite("Which bot plays")
struct WorkerPoolTests {
    private let rainbow = BotID(rawValue: "rainbow")!
    private let iris = BotID(rawValue: "iris")!
    private let aurora = BotID(rawValue: "aurora")!
    private let selene = BotID(rawValue: "selene")!
    private let lounge = ChannelID(1)
    private let attic = ChannelID(2)

    private var troupe: [WorkerPool.Worker] {
        [rainbow, iris, aurora, selene].map { WorkerPool.Worker(bot: $0, isAvailable: true) }
    }

    private func seat(_ bot: BotID, _ channel: UInt64, idle: Bool = false) -> WorkerPool.Seat {
        WorkerPool.Seat(bot: bot, channel: ChannelID(channel), isIdle: idle)
    }

    @Test("Rainbow first, then Iris, Aurora, Selene, then nobody")
    func order() {
        var seats: [WorkerPool.Seat] = []
        for (number, bot) in [rainbow, iris, aurora, selene].enumerated() {
            #expect(WorkerPool.choose(channel: ChannelID(99), workers: troupe, seats: seats) == .assign(bot))
            seats.append(seat(bot, UInt64(number + 1)))
        }
        #expect(WorkerPool.choose(channel: ChannelID(99), workers: troupe, seats: seats) == .allBusy(4))
    }

    @Test("the bot in the member's channel is used, whatever its place in the order")
    func reuse() {
        let seats = [seat(selene, 1), seat(rainbow, 2)]
        #expect(WorkerPool.choose(channel: lounge, workers: troupe, seats: seats) == .reuse(selene))
    }

    @Test("an idle bot elsewhere comes over only when no other is free")
    func idle() {
        let two = Array(troupe.prefix(2))
        let seats = [seat(rainbow, 2, idle: true)]
        #expect(WorkerPool.choose(channel: lounge, workers: two, seats: seats) == .assign(iris))
        let full = seats + [seat(iris, 3)]
        #expect(WorkerPool.choose(channel: lounge, workers: two, seats: full) == .move(rainbow))
    }

    @Test("bots that are away or not in the guild are no choice")
    func absent() {
        var workers = troupe
        workers[0].isAvailable = false
        #expect(WorkerPool.choose(channel: lounge, workers: workers, seats: []) == .assign(iris))
        let none = workers.map { WorkerPool.Worker(bot: $0.bot, isAvailable: false) }
        #expect(WorkerPool.choose(channel: lounge, workers: none, seats: []) == .nobody)
    }

    @Test("a bot that may not speak there is passed over, and named when no other is left")
    func permissions() {
        var workers = troupe
        workers[0].missing = [.speak]
        #expect(WorkerPool.choose(channel: lounge, workers: workers, seats: []) == .assign(iris))
        for index in workers.indices { workers[index].missing = [.connect] }
        #expect(WorkerPool.choose(channel: lounge, workers: workers, seats: []) == .forbidden(rainbow, [.connect]))
    }

    @Test("never two bots in one channel, never one bot in two, through any sequence of wishes")
    func exclusive() {
        var seats: [WorkerPool.Seat] = []
        for wish in 0..<200 {
            let channel = ChannelID(UInt64(wish * 7 % 6 + 1))
            switch WorkerPool.choose(channel: channel, workers: troupe, seats: seats) {
            case .assign(let bot):
                seats.append(.init(bot: bot, channel: channel, isIdle: wish % 3 == 0))
            case .move(let bot):
                seats.removeAll { $0.bot == bot }
                seats.append(.init(bot: bot, channel: channel, isIdle: false))
            case .reuse, .allBusy, .forbidden, .nobody: break
            }
            if wish % 11 == 0, !seats.isEmpty { seats.removeFirst() }
            #expect(Set(seats.map(\.channel)).count == seats.count)
            #expect(Set(seats.map(\.bot)).count == seats.count)
        }
    }

    @Test("the order: the primary, then as listed, then by name")
    func ordered() {
        let bots = [aurora, iris, rainbow, selene]
        #expect(WorkerPool.ordered(bots, primary: rainbow, preferred: [iris]) == [rainbow, iris, aurora, selene])
        #expect(
            WorkerPool.ordered(bots, primary: nil, preferred: [selene, selene]) == [selene, aurora, iris, rainbow]
        )
        #expect(WorkerPool.ordered([iris], primary: rainbow, preferred: []) == [iris])
    }
}
