import BusContract
import ServiceKit
package import Store

extension InstanceProfile {
    /// As the registry of instances keeps it.
    package var limits: InstanceLimits {
        InstanceLimits(
            type: type.rawValue,
            commands: commands.sorted(),
            channels: channels.map(\.text),
            guilds: guilds.sorted()
        )
    }

    /// As the registry has it. A type of a newer release is one that no route asks for: it comes last.
    package init(_ limits: InstanceLimits) {
        self.init(
            type: InstanceType(rawValue: limits.type) ?? .admin,
            commands: Set(limits.commands),
            channels: limits.channels.map(ChannelGlob.init),
            guilds: Set(limits.guilds)
        )
    }
}

extension LiveInstance {
    package init(_ duty: InstanceDuty) {
        self.init(
            service: ServiceRole(rawValue: duty.service),
            id: duty.instance,
            profile: InstanceProfile(duty.limits),
            load: duty.load,
            isReady: duty.isReady
        )
    }

    /// A process of the registry's whole list; nil when it has been silent for too long.
    package init?(_ record: InstanceRecord) {
        guard record.silence < InstanceDirectory.patience.seconds else { return nil }
        self.init(
            service: ServiceRole(rawValue: record.service),
            id: record.instance,
            profile: InstanceProfile(record.limits),
            load: record.load,
            isReady: record.isReady
        )
    }
}
