/// Schemas of JSON Schema 2020-12, as OpenAPI 3.1 uses them.
enum Schema {
    static let text: JSONTree = ["type": "string"]
    static let number: JSONTree = ["type": "number"]
    static let whole: JSONTree = ["type": "integer"]
    static let flag: JSONTree = ["type": "boolean"]
    /// Ids of Discord are 64-bit numbers, written as texts because JSON's numbers are not that exact.
    static let id: JSONTree = ["type": "string", "pattern": "^[0-9]{1,19}$"]
    static let bot: JSONTree = ["type": "string", "pattern": "^[a-z0-9-]{1,32}$", "examples": ["rainbow"]]

    /// An object of required and optional properties.
    static func object(_ properties: [String: Property]) -> JSONTree {
        [
            "type": "object",
            "properties": .object(properties.mapValues(\.schema)),
            "required": .array(properties.filter(\.value.isRequired).keys.sorted().map { .string($0) }),
        ]
    }

    static func list(_ element: JSONTree) -> JSONTree { ["type": "array", "items": element] }

    static func map(_ value: JSONTree) -> JSONTree { ["type": "object", "additionalProperties": value] }

    static func reference(_ name: String) -> JSONTree { ["$ref": .string("#/components/schemas/\(name)")] }

    /// A property of an object.
    struct Property {
        let schema: JSONTree
        let isRequired: Bool

        static func required(_ schema: JSONTree) -> Self { Self(schema: schema, isRequired: true) }
        static func optional(_ schema: JSONTree) -> Self { Self(schema: schema, isRequired: false) }
    }
}
