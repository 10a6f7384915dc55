import Testing

@testable import DiscordREST

@Suite("Routes")
struct RequestRouteTests {
    @Test(
        "Template, resource and exemption",
        arguments: [
            ("GET", "/channels/12/messages/34", "GET /channels/:id/messages/:id", "channels/12", false),
            ("PUT", "/guilds/12/bans/34", "PUT /guilds/:id/bans/:id", "guilds/12", false),
            ("PATCH", "/guilds/12/members/@me", "PATCH /guilds/:id/members/@me", "guilds/12", false),
            (
                "PUT", "/channels/1/messages/2/reactions/%F0%9F%91%8D/@me",
                "PUT /channels/:id/messages/:id/reactions/:emoji/@me", "channels/1", false
            ),
            (
                "PUT", "/channels/1/messages/2/reactions/party:33/@me",
                "PUT /channels/:id/messages/:id/reactions/:emoji/@me", "channels/1", false
            ),
            ("POST", "/interactions/5/aW50/callback", "POST /interactions/:id/:token/callback", "interactions/5", true),
            (
                "PATCH", "/webhooks/6/tok-en_1/messages/@original", "PATCH /webhooks/:id/:token/messages/@original",
                "webhooks/6/tok-en_1", true
            ),
            ("GET", "/webhooks/6", "GET /webhooks/:id", "webhooks/6", false),
            ("GET", "/gateway/bot", "GET /gateway/bot", "", false),
            ("PUT", "/applications/1/guilds/2/commands", "PUT /applications/:id/guilds/:id/commands", "", false),
            ("GET", "/invites/abc", "GET /invites/:code", "", false),
        ]
    )
    func parts(_ method: String, _ path: String, _ template: String, _ resource: String, _ isExempt: Bool) throws {
        let route = try RequestRoute(method: method, path: path)
        #expect(route.template == template.replacing(" ", with: ""))
        #expect(route.resource == resource)
        #expect(route.isExempt == isExempt)
    }

    @Test(
        "Paths that are none of Discord's",
        arguments: [
            "", "channels/1", "//x", "/channels//messages", "/channels/../users/@me", "/a b", "/a?b=c", "/a#b", "/é",
            "/a\r\nX: y", "/./a", "/a/",
        ]
    )
    func invalid(_ path: String) {
        let error = #expect(throws: DiscordRESTError.self) { try RequestRoute(method: "GET", path: path) }
        #expect(error?.code == .invalid)
    }
}

@Suite("Invalid requests")
struct InvalidRequestBudgetTests {
    @Test("Sending stops at the ceiling and starts again when ten minutes have passed over enough of them")
    func ceiling() {
        var now = ContinuousClock.now
        var budget = InvalidRequestBudget(ceiling: 10, now: now)
        func isExhausted(_ now: ContinuousClock.Instant) -> Bool { budget.isExhausted(now) }
        for _ in 0..<5 { budget.note(now) }
        now += .seconds(300)
        for _ in 0..<5 { budget.note(now) }
        #expect(isExhausted(now))
        now += .seconds(290)
        #expect(isExhausted(now))
        now += .seconds(10)
        #expect(!isExhausted(now))
        let few = budget.count(now)
        #expect(few == 5)
        now += .seconds(10_000)
        let none = budget.count(now)
        #expect(none == 0)
    }

    @Test("What others on the address have had counts, for ten minutes from when it was told")
    func others() {
        var now = ContinuousClock.now
        var budget = InvalidRequestBudget(ceiling: 10, now: now)
        budget.note(now)
        // The common count has our own.
        budget.noteAll(9, now)
        #expect(budget.count(now) == 9)
        budget.note(now)
        let isFull = budget.isExhausted(now)
        #expect(isFull)
        budget.noteAll(1, now)
        #expect(budget.count(now) == 2)
        budget.noteAll(100, now)
        now += .seconds(600)
        let isOver = !budget.isExhausted(now)
        #expect(isOver)
    }
}

@Suite("Multipart")
struct MultipartBodyTests {
    @Test("Fields and files as Discord names them; names cannot break out of their header")
    func body() {
        let file = DiscordRequest.File(
            name: "a\"\r\nX: y/../.png",
            contentType: "image/png\r\nX: y",
            data: Array("PNG".utf8)
        )
        let body = MultipartBody(json: Array("{}".utf8), files: [file], boundary: "b")
        #expect(body.contentType == "multipart/form-data; boundary=b")
        #expect(
            String(decoding: body.bytes, as: UTF8.self) == """
                --b\r\nContent-Disposition: form-data; name="payload_json"\r\nContent-Type: application/json\r\n\r\n{}\r\n\
                --b\r\nContent-Disposition: form-data; name="files[0]"; filename="aX: y...png"\r\n\
                Content-Type: application/octet-stream\r\n\r\nPNG\r\n--b--\r\n
                """
        )
    }

    @Test("Percent-encoding of reasons and queries")
    func encoding() {
        #expect("spam: сто % 안".percentEncoded == "spam%3A%20%D1%81%D1%82%D0%BE%20%25%20%EC%95%88")
        #expect("a-b_c.d~E9\n".percentEncoded == "a-b_c.d~E9%0A")
    }
}
