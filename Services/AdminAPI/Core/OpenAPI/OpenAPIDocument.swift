import FoundationEssentials
import HTTPTypes

/// The description of the API in OpenAPI 3.1, made from the same endpoints as the router.
enum OpenAPIDocument {
    /// The document as JSON.
    static func json(_ endpoints: [Endpoint]) throws -> [UInt8] {
        var paths: [String: [String: JSONTree]] = [:]
        for endpoint in endpoints {
            paths[endpoint.path, default: [:]][endpoint.method.rawValue.lowercased()] = operation(endpoint)
        }
        let document: JSONTree = [
            "openapi": "3.1.0",
            "info": [
                "title": "Ensemble", "version": "1", "description": "The state and the control of a troupe of bots.",
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "servers": [["url": "/"]],
            "security": [["key": []]],
            "paths": .object(paths.mapValues { .object($0) }),
            "components": [
                "securitySchemes": ["key": ["type": "apiKey", "in": "header", "name": "X-API-Key"]],
                "schemas": .object(components),
            ],
        ]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(document))
    }

    private static func operation(_ endpoint: Endpoint) -> JSONTree {
        var responses: [String: JSONTree] = [
            "200": [
                "description": "Done.",
                "content": .object([endpoint.mediaType: ["schema": endpoint.answer]]),
            ]
        ]
        for status in endpoint.failures + [400, 401, 403, 503] + (endpoint.takesBody ? [413] : []) {
            responses[String(status)] = [
                "description": .string(meaning(of: status)),
                "content": ["application/json": ["schema": Schema.reference("Error")]],
            ]
        }
        var operation: [String: JSONTree] = [
            "operationId": .string(endpoint.name),
            "summary": .string(endpoint.summary),
            "description": .string("Needs the scope `\(endpoint.scope.rawValue)`."),
            "parameters": .array(
                endpoint.parameters.map { parameter in
                    [
                        "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
                        "required": .bool(parameter.place == .path), "description": .string(parameter.summary),
                        "schema": parameter.schema,
                    ]
                }
            ),
            "responses": .object(responses),
        ]
        if let body = endpoint.body {
            operation["requestBody"] = ["required": true, "content": ["application/json": ["schema": body]]]
        } else if endpoint.takesBody {
            operation["requestBody"] = [
                "description": "Nothing is needed; fields that are not known are ignored.",
                "content": ["application/json": ["schema": ["type": "object"]]],
            ]
        }
        return .object(operation)
    }

    private static func meaning(of status: Int) -> String {
        switch status {
        case 400: "A parameter or the body is not of the form that is asked for."
        case 401: "The key is missing or unknown."
        case 403: "The key may not do this."
        case 404: "There is no such thing."
        case 409: "It is taken, or cannot be changed here."
        case 413: "The body is too long."
        default: "A part of the platform that this needs is away."
        }
    }

    private static var components: [String: JSONTree] {
        [
            "Error": Schema.object([
                "error": .required(
                    Schema.object([
                        "code": .required(Schema.text), "message": .required(Schema.text),
                        "place": .optional(Schema.text),
                    ])
                )
            ]),
            "Status": Schema.object([
                "status": .required(["type": "string", "enum": ["ok", "degraded"]]),
                "database": .required(
                    Schema.object([
                        "state": .required(["type": "string", "enum": ["up", "down"]]),
                        "reason": .optional(Schema.text), "since": .optional(Schema.whole),
                    ])
                ),
                "missing": .required(Schema.map(Schema.text)),
                "services": .required(Schema.list(Schema.reference("Service"))),
                "bots": .required(Schema.list(Schema.reference("Bot"))),
                "gaps": .required(Schema.list(Schema.reference("Gap"))),
            ]),
            "Gap": Schema.object([
                "bot": .required(Schema.bot), "from": .required(Schema.whole), "to": .required(Schema.whole),
                "reason": .required(Schema.text),
            ]),
            "Service": Schema.object([
                "service": .required(Schema.text), "instance": .required(Schema.text),
                "status": .required(["type": "string", "enum": ["ok", "degraded", "silent"]]),
                "host": .required(Schema.text), "port": .required(Schema.whole),
                "silence": .required(Schema.number), "uptime": .required(Schema.number),
                "queueSizes": .required(Schema.map(Schema.whole)),
                "components": .required(
                    Schema.map(
                        Schema.object(["ready": .required(Schema.flag), "detail": .optional(Schema.text)])
                    )
                ),
                "type": .required(Schema.text), "load": .required(Schema.number),
                "enabledCommands": .required(Schema.list(Schema.text)),
                "enabledChannels": .required(Schema.list(Schema.text)),
                "enabledGuilds": .required(Schema.list(Schema.id)),
                "routes": .required(Schema.list(Schema.text)),
            ]),
            "Bot": Schema.object([
                "bot": .required(Schema.bot), "state": .required(Schema.text), "reason": .required(Schema.text),
                "username": .required(Schema.text), "user": .optional(Schema.id), "primary": .required(Schema.flag),
                "guilds": .required(Schema.whole), "shards": .required(Schema.whole),
                "shardsOnline": .required(Schema.whole),
                "latencyMilliseconds": .required(Schema.whole), "since": .required(Schema.whole),
            ]),
            "Guild": Schema.object([
                "guild": .required(Schema.id), "name": .required(Schema.text), "memberCount": .required(Schema.whole),
                "bots": .required(Schema.list(Schema.bot)), "observer": .optional(Schema.bot),
            ]),
            "Case": Schema.object([
                "guild": .required(Schema.id), "number": .required(Schema.whole), "type": .required(Schema.text),
                "user": .required(Schema.id), "moderator": .optional(Schema.id), "reason": .required(Schema.text),
                "channel": .optional(Schema.id), "message": .optional(Schema.id), "createdAt": .required(Schema.whole),
            ]),
            "Player": Schema.object([
                "bot": .required(Schema.bot), "guild": .required(Schema.id), "channel": .required(Schema.id),
                "state": .required(["type": "string", "enum": ["idle", "playing", "paused"]]),
                "title": .optional(Schema.text), "position": .required(Schema.whole),
                "queued": .required(Schema.whole), "node": .optional(Schema.text),
            ]),
        ]
    }
}
