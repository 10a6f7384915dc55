import Logging
import ServiceKit

/// Draws the status as text: pure, so that a test can read it.
package struct StatusScreen: Sendable {
    private let width: Int
    private let height: Int
    private let colour: Bool

    /// Makes a screen for a terminal of the given size.
    package init(width: Int, height: Int, colour: Bool = true) {
        self.width = max(40, width)
        self.height = max(10, height)
        self.colour = colour
    }

    /// The lines of the screen, no more than fit.
    package func lines(_ snapshot: StatusSnapshot) -> [String] {
        var lines = [title(snapshot), ""]
        lines += snapshot.addresses.map { "  \($0.name.padding(to: 12)) \(paint(.service, $0.address))" }
        lines.append("")
        lines.append(paint(.dim, "  SERVICE          STATE         PORT   MEMORY  RESTARTS"))
        lines += snapshot.processes.map(row)
        if !snapshot.bots.isEmpty {
            lines += ["", paint(.dim, "  BOT              STATE         GUILDS PING")]
            lines += snapshot.bots.map(row)
        }
        for notice in snapshot.notices { lines += ["", "  " + paint(.bad, notice)] }
        let room = height - lines.count - 3
        if room > 0, !snapshot.warnings.isEmpty {
            lines += ["", paint(.dim, "  LATEST WARNINGS")]
            for warning in snapshot.warnings.suffix(room) {
                let text = "  \(warning.source): \(ConsoleLogHandler.oneLine(warning.message)) \(warning.details)"
                lines.append(paint(warning.level >= .error ? .bad : .warning, String(text.prefix(width - 1))))
            }
        }
        return Array(lines.prefix(height - 1))
    }

    /// The escape sequences that draw the lines over what stands on the terminal, without flicker.
    package func frame(_ snapshot: StatusSnapshot) -> String {
        "\u{1B}[H" + lines(snapshot).map { "\($0)\u{1B}[K\n" }.joined() + "\u{1B}[J"
    }

    private func title(_ snapshot: StatusSnapshot) -> String {
        let state: String
        if snapshot.isStopping {
            state = paint(.warning, "stopping …")
        } else if let ready = snapshot.readyAfter {
            let since = " after \(Self.seconds(ready)) · up \(Self.clock(snapshot.uptime))"
            state = paint(.good, "ready") + paint(.dim, since)
        } else {
            state = paint(.warning, "starting …")
        }
        return paint(.bold, "Ensemble") + "  \(state)" + paint(.dim, "   Ctrl-C stops everything")
    }

    private func row(_ process: StatusSnapshot.Process) -> String {
        let (word, style) = Self.describe(process.state)
        let memory = process.memory.map { "\($0 >> 20) MB" } ?? "–"
        let port = process.port.map { String($0) } ?? "–"
        let restarts = process.restarts == 0 ? "" : paint(.warning, "\(process.restarts)")
        var line = "  \(process.name.padding(to: 16)) \(paint(style, word.padding(to: 13))) "
        line += "\(port.padding(to: 6)) \(memory.padding(to: 7)) \(restarts)"
        if let detail = process.detail, process.state != .ready {
            line += " " + paint(.dim, String(ConsoleLogHandler.oneLine(detail).prefix(max(10, width - 52))))
        }
        return line
    }

    private func row(_ bot: StatusSnapshot.Bot) -> String {
        let style: ANSIStyle =
            switch bot.state {
            case "online": .good
            case "failed": .bad
            default: .warning
            }
        let ping = bot.latencyMilliseconds > 0 ? "\(bot.latencyMilliseconds) ms" : "–"
        var line = "  \(bot.name.padding(to: 16)) \(paint(style, bot.state.padding(to: 13))) "
        line += "\(String(bot.guilds).padding(to: 6)) \(ping)"
        guard !bot.reason.isEmpty else { return line }
        return line + "  " + paint(.dim, String(ConsoleLogHandler.oneLine(bot.reason).prefix(max(10, width - 48))))
    }

    private static func describe(_ state: MemberState) -> (String, ANSIStyle) {
        switch state {
        case .idle: ("waiting", .dim)
        case .starting: ("starting", .warning)
        case .ready: ("ready", .good)
        case .waiting: ("restarting", .bad)
        case .misconfigured: ("wrong setting", .bad)
        case .stopping: ("stopping", .warning)
        case .stopped: ("stopped", .dim)
        }
    }

    private func paint(_ style: ANSIStyle, _ text: String) -> String {
        colour ? style.wrap(text) : text
    }

    static func seconds(_ duration: Duration) -> String {
        let tenths = duration.milliseconds / 100
        return "\(tenths / 10).\(tenths % 10) s"
    }

    static func clock(_ duration: Duration) -> String {
        let seconds = Int(duration.seconds)
        let minutes = seconds / 60 % 60
        return "\(seconds / 3600):\(minutes < 10 ? "0" : "")\(minutes):\(seconds % 60 < 10 ? "0" : "")\(seconds % 60)"
    }
}
