package import DiscordModel

/// What a client asks a message to be, its form checked; who may say it is checked by the world.
///
/// Limits: API documentation, "Create Message", "Embed Limits", "Allowed Mentions Object", "Component Reference".
package struct MessageDraft: Sendable {
    /// A file of a multipart request.
    package struct Upload: Sendable {
        /// The number in `files[n]`.
        package let index: Int
        package let filename: String
        package let size: Int
        package let contentType: String?

        package init(index: Int, filename: String, size: Int, contentType: String?) {
            self.index = index
            self.filename = filename
            self.size = size
            self.contentType = contentType
        }
    }

    /// nil where the body has no such member: an edit keeps what is there.
    package var content: String?
    package var embeds: [JSONValue]?
    package var components: [JSONValue]?
    package var flags: Int?
    package var allowedMentions: AllowedMentions?
    package var isTTS = false
    package var nonce: JSONValue?
    package var enforcesNonce = false
    package var reply: MessageID?
    package var replyChannel: ChannelID?
    package var failsIfReplyMissing = true
    package var uploads: [Upload]
    /// `attachments` of the body: descriptions of uploads, and on an edit the ids to keep.
    package var attachments: [JSONValue]?

    package init(content: String) {
        self.content = content
        uploads = []
    }

    /// - Throws: 50035 with all that is wrong.
    package init(_ body: JSONValue, uploads: [Upload] = []) throws(DiscordError) {
        self.uploads = uploads
        var errors = FormErrors()
        guard body.objectValue != nil else { throw .unreadableBody }
        if let value = body["content"] {
            if let text = value.stringValue {
                content = text
                errors.checkLength(text, 0...2000, ["content"])
            } else if value.isNull {
                content = ""
            } else if let number = value.integerValue {
                content = String(number)
            } else {
                errors.add(["content"], "STRING_TYPE_CONVERT", "Could not interpret value as string.")
            }
        }
        if let value = body["embeds"] {
            embeds = EmbedForm.check(value.arrayValue ?? [], &errors)
        } else if let value = body["embed"], !value.isNull {
            embeds = EmbedForm.check([value], &errors)
        }
        flags = (body["flags"]?.integerValue).map(Int.init)
        if let value = body["components"] {
            let isV2 = (flags ?? 0) & Message.Flag.componentsV2 != 0
            components = ComponentForm.check(value.arrayValue ?? [], isV2: isV2, &errors)
        }
        if let value = body["allowed_mentions"], !value.isNull {
            allowedMentions = AllowedMentions(value, &errors)
        }
        isTTS = body["tts"]?.boolValue ?? false
        if let value = body["nonce"], !value.isNull {
            let text = value.stringValue ?? value.integerValue.map { String($0) }
            if text == nil || (text?.unicodeScalars.count ?? 0) > 25 {
                errors.add(["nonce"], "NONCE_TYPE_TOO_LONG", "Nonce must be 25 or fewer in length.")
            }
            nonce = value
        }
        enforcesNonce = body["enforce_nonce"]?.boolValue ?? false
        if let reference = body["message_reference"], !reference.isNull {
            reply = reference["message_id"]?.snowflake(MessageID.self)
            replyChannel = reference["channel_id"]?.snowflake(ChannelID.self)
            failsIfReplyMissing = reference["fail_if_not_exists"]?.boolValue ?? true
            if reply == nil { errors.required(["message_reference", "message_id"]) }
        }
        attachments = body["attachments"]?.arrayValue
        if (attachments?.count ?? uploads.count) > 10 {
            errors.add(["attachments"], "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
        }
        if let flags, flags & Message.Flag.componentsV2 != 0 {
            let message = "The 'content' and 'embeds' fields cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            if content?.isEmpty == false || embeds?.isEmpty == false {
                errors.add(["flags"], "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message)
            }
        }
        try errors.throwIfAny()
    }

    /// Whether nothing of it would be seen.
    package var isEmpty: Bool {
        (content ?? "").isBlank && (embeds ?? []).isEmpty && uploads.isEmpty && (components ?? []).isEmpty
    }
}

extension String {
    var isBlank: Bool { unicodeScalars.allSatisfy { $0.properties.isWhitespace } }
}

/// Which mentions of a message may notify.
package struct AllowedMentions: Sendable, Equatable {
    package var everyone = false
    package var allUsers = false
    package var allRoles = false
    package var users: Set<UserID> = []
    package var roles: Set<RoleID> = []
    package var repliedUser = false

    /// What holds for interactions and webhooks that say nothing.
    package static let usersOnly = Self(allUsers: true, repliedUser: false)

    private init(allUsers: Bool, repliedUser: Bool) {
        self.allUsers = allUsers
        self.repliedUser = repliedUser
    }

    init(_ value: JSONValue, _ errors: inout FormErrors) {
        let path = ["allowed_mentions"]
        let kinds = (value["parse"]?.arrayValue ?? []).compactMap(\.stringValue)
        for kind in kinds where !["everyone", "users", "roles"].contains(kind) {
            errors.add(path + ["parse"], "BASE_TYPE_CHOICES", "Value must be one of ('everyone', 'users', 'roles').")
        }
        everyone = kinds.contains("everyone")
        allUsers = kinds.contains("users")
        allRoles = kinds.contains("roles")
        let userIDs = (value["users"]?.arrayValue ?? []).compactMap { $0.snowflake(UserID.self) }
        let roleIDs = (value["roles"]?.arrayValue ?? []).compactMap { $0.snowflake(RoleID.self) }
        for (name, count, all) in [("users", userIDs.count, allUsers), ("roles", roleIDs.count, allRoles)] {
            if count > 100 { errors.add(path + [name], "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.") }
            if all, count > 0 {
                errors.add(
                    path,
                    "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                    "parse:[\"\(name)\"] and \(name): [ids...] are mutually exclusive."
                )
            }
        }
        users = Set(userIDs)
        roles = Set(roleIDs)
        repliedUser = value["replied_user"]?.boolValue ?? false
    }
}
