// Discord's language: ids, permissions, gateway frames and the objects inside them.
//
// This module owns no state and does no I/O. `Gateway/` has the frame (scanner, opcodes, close codes, intents, event
// names), `Message/` the hot reader of messages, `Guild/`, `User/` and `Interaction/` the narrow Codable models, `JSON/`
// the byte cursor that scanner and reader share. A new object goes in the folder of its topic: only the fields that
// somebody reads, every optional field lenient (see `LenientDecoding.swift`), because Discord adds and changes fields
// without notice and no event may be lost over one that we do not need.
