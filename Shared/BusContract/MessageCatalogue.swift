/// Every message of the contract: the list is the documentation, and what the contract test walks through.
package enum MessageCatalogue {
    package static let events: [any BusEvent.Type] = [
        BotStateChanged.self, CaseOpened.self, PlayerChanged.self, BalanceChanged.self, TurnFinished.self,
        BudgetAlarm.self,
    ]

    package static let requests: [any BusRequest.Type] = [
        ExecuteREST.self, QueryGuild.self, QueryChannel.self, QueryMember.self, QueryVoiceStates.self,
        QueryPermissions.self, ListGuilds.self, ControlBot.self, FleetStatus.self, UpdateVoiceState.self,
        HandleInteraction.self, RespondInteraction.self, DeclareCommands.self, LoadTracks.self, SyncPlayer.self,
        ReportPlayer.self,
        RunJob.self, QueryBalance.self, QueryMembers.self, AddBot.self, RemoveBot.self,
    ]

    package static let replies: [any BusMessage.Type] = [
        Acknowledgement.self, RESTOutcome.self, GuildFacts.self, ChannelFacts.self, MemberFacts.self, VoiceStates.self,
        PermissionFacts.self, GuildList.self, BotStatus.self, Fleet.self, InteractionReply.self, LoadedTracks.self,
        Balance.self, MemberList.self,
    ]

    /// What the bus itself says.
    package static let pulses: [any BusMessage.Type] = [Head.self]
}
