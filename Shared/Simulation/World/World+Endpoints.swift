package import DiscordModel

/// An interaction on its way to its application's endpoint.
struct EndpointDelivery: Sendable {
    let application: ApplicationID
    let interaction: InteractionID
    let token: String
    let url: String
    let payload: JSONValue
}

/// Applications that get their interactions by HTTP instead of over the gateway.
extension World {
    /// Sets where an application's interactions are posted from now on; nil sends them over the gateway again.
    package mutating func setInteractionsEndpoint(_ url: String?, of id: ApplicationID) {
        applications[id]?.interactionsEndpoint = url
    }

    /// - Returns: false when the application has no endpoint.
    mutating func deliver(_ interaction: Interaction, _ payload: JSONValue) -> Bool {
        guard let url = applications[interaction.applicationID]?.interactionsEndpoint else { return false }
        // The shell drains after each operation; the bound is for a caller that uses the world alone.
        guard deliveries.count < Self.eventLimit else { return true }
        deliveries.append(
            EndpointDelivery(
                application: interaction.applicationID,
                interaction: interaction.id,
                token: interaction.token,
                url: url,
                payload: payload
            )
        )
        return true
    }

    /// Takes what has to be posted since the last call.
    mutating func drainDeliveries() -> [EndpointDelivery] {
        defer { deliveries.removeAll() }
        return deliveries
    }

    /// Tells the page how a post was answered; 0: not at all.
    mutating func noteDelivery(_ delivery: EndpointDelivery, status: Int) {
        announce(
            "delivery",
            ["interaction": .id(delivery.interaction), "url": .string(delivery.url), "status": .int(status)]
        )
    }

    /// What Discord asks an endpoint before it accepts its address.
    mutating func endpointPing(of id: ApplicationID) -> JSONValue {
        let ping = nextID()
        return [
            "id": .id(InteractionID(ping)), "application_id": .id(id), "type": 1, "version": 1,
            "token": .string("sim_\(ping)_\(Self.credential(ping, salt: 5))"), "entitlements": [],
            "user": userJSON(guilds[home]?.ownerID ?? UserID(id.rawValue)),
        ]
    }
}
